// Traffic: rows as they come, filter, pause, details, misses, stubs; hostile payloads; 10,000 rows.
import net from "node:net";
import { admin, ask, askMany } from "./server.mjs";
import { check, inspect } from "./page.mjs";

const grid = "[role=grid][aria-label=Requests]";
const rowWith = (page, text) => page.locator(`${grid} .rows .row`, { hasText: text });

export async function traffic(page, url, shots) {
  await page.getByText("No requests yet").waitFor();
  await inspect(page, "traffic, empty");
  await page.screenshot({ path: `${shots}/traffic-empty.png` });
  await ask(url, "GET", "/orders/7?expand=items");
  await ask(url, "POST", "/orders", { headers: { "content-type": "application/json", "x-trace": "1" }, body: '{"item":"book","count":3}' });
  await ask(url, "GET", "/api/v1/namespaces");
  const row = rowWith(page, "/orders/7?expand=items");
  await row.waitFor();
  check(/unmatched/.test(await row.textContent()), "a miss is not marked as unmatched");
  check(/kubernetes/.test(await rowWith(page, "/api/v1/namespaces").textContent()), "the stage of a row is not shown");

  // Filter.
  await page.keyboard.press("/");
  await page.keyboard.type("method:post");
  await page.getByText(/^1 of 3 requests/).waitFor();
  check((await page.locator(`${grid} .rows .row`).count()) === 1, "the filter leaves other rows");
  await page.fill("#filter", "status:4xx -method:post");
  await page.getByText(/^1 of 3 requests/).waitFor();
  await page.fill("#filter", "nothing-has-this");
  await page.getByText("No request fits the filter").waitFor();
  await page.getByRole("button", { name: "Unmatched" }).click();
  await page.getByText(/^2 of 3 requests/).waitFor();
  await page.getByRole("button", { name: "All", exact: true }).click();

  // Pause.
  await page.getByRole("button", { name: "Pause" }).click();
  await ask(url, "GET", "/while-paused");
  await page.getByText(/paused, 1 more/).waitFor();
  check((await rowWith(page, "/while-paused").count()) === 0, "a row came while the page was paused");
  await page.keyboard.press("p");
  await rowWith(page, "/while-paused").waitFor();

  // The details of a miss, and a stub made of it.
  await rowWith(page, /POST.*\/orders/).click();
  const panel = page.locator(".panel");
  await panel.getByText("Nearest stubs", { exact: true }).waitFor();
  await panel.getByText("Body does not match").first().waitFor();
  check(/"count" : 2/.test(await panel.textContent()) && /"count" : 3/.test(await panel.textContent()), "the diff shows not both sides");
  check(/x-trace/i.test(await panel.textContent()), "the header fields are not shown");
  await inspect(page, "traffic, a miss");
  await page.screenshot({ path: `${shots}/miss.png` });
  await panel.getByRole("button", { name: "Make a stub of it" }).click();
  const editor = page.locator("#editor");
  await editor.waitFor();
  await inspect(page, "editor");
  await page.screenshot({ path: `${shots}/stub.png` });
  const text = await page.inputValue("#mapping");
  await page.fill("#mapping", "{not JSON");
  await editor.getByRole("button", { name: "Make the stub" }).click();
  await editor.getByText("This is not JSON").waitFor();
  await page.fill("#mapping", JSON.stringify({ ...JSON.parse(text), response: { statuss: 201 } }));
  await editor.getByRole("button", { name: "Make the stub" }).click();
  await editor.getByText(/422: .*statuss/s).waitFor();
  await page.fill("#mapping", JSON.stringify({ ...JSON.parse(text), response: { status: 201, body: "made" } }));
  await editor.getByRole("button", { name: "Make the stub" }).click();
  await page.getByText(/Stub .* was created/).waitFor();
  const answer = await ask(url, "POST", "/orders", { headers: { "content-type": "application/json" }, body: '{"item":"book","count":3}' });
  check(answer.status === 201 && answer.text === "made", `the stub answers ${answer.status} ${answer.text}`);
  await page.keyboard.press("Escape");
  check(!(await panel.isVisible()), "Escape leaves the panel open");

  // With the keyboard alone.
  await page.locator(grid).focus();
  for (const key of ["Home", "ArrowDown", "j", "k", "Enter"]) await page.keyboard.press(key);
  await panel.waitFor();
  const chosen = await page.locator(grid).getAttribute("aria-activedescendant");
  check(chosen && (await page.locator(`[id="${chosen}"]`).getAttribute("aria-selected")) === "true", "the chosen row has no name for assistive technology");
  await page.locator("#make-stub").waitFor();
  await page.keyboard.press("s");
  await editor.waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  await page.getByText("pause or resume the traffic").waitFor();
  await inspect(page, "keys");
  await page.screenshot({ path: `${shots}/keys.png` });
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  for (const [key, title] of [["6", "Drill"], ["4", "Objects"], ["1", "Traffic"]]) {
    await page.keyboard.press(key);
    await page.locator("#views a[aria-current]", { hasText: title }).waitFor();
  }

  await page.getByRole("button", { name: "Clear" }).click();
  await page.getByText("No requests yet").waitFor();
  check((await admin(url, "GET", "requests")).json().requests.length === 0, "Clear leaves the journal");
}

// A request with bytes that no client library sends.
function raw(url, text) {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(port), hostname, () => socket.write(text));
    socket.on("data", () => socket.destroy());
    socket.on("close", resolve);
    socket.on("error", reject);
  });
}

export async function hostile(page, url, shots) {
  const script = "<script>globalThis.pwned=1</script><img src=x onerror=globalThis.pwned=1>";
  const bidi = "\u202egnp.exe\u2066\u200b";
  const body = `${script}\u0000\u0007${bidi}javascript:globalThis.pwned=1\n\u001b[31m"'\``;
  await ask(url, "POST", `/${encodeURIComponent("<script>")}?next=javascript:alert(1)&x=${encodeURIComponent(bidi)}`, {
    headers: { "content-type": "text/html; charset=utf-8", "x-link": "javascript:globalThis.pwned=1", "x-script": script, "x-long": "y".repeat(30_000), referer: "data:text/html,<script>1</script>" }, body,
  });
  await raw(url, "GET /<script>globalThis.pwned=1</script>\"onmouseover=globalThis.pwned=1 HTTP/1.1\r\nhost: localhost\r\n\r\n");
  await raw(url, `GET /bytes HTTP/1.1\r\nhost: localhost\r\nx-bytes: \xff\xfe${"z".repeat(100)}\r\n\r\n`);
  await admin(url, "POST", "mappings", { name: `${script}${bidi}`, request: { url: "/hostile-stub" }, response: { body: `${script}\u0000`, headers: { "Content-Type": "text/html" } } });
  await ask(url, "GET", "/hostile-stub");
  await ask(url, "POST", "/big", { body: `<b>${"large ".repeat(60_000)}</b>` });
  for (const text of ["%3Cscript%3E", "/bytes", "/hostile-stub", "/big"]) {
    const row = rowWith(page, text).first();
    await row.waitFor();
    await row.click();
    await page.locator(".panel .fields").first().waitFor();
    await page.locator(".panel pre").first().waitFor();
    if (text === "%3Cscript%3E") {
      const shown = await page.locator(".panel").textContent();
      check(shown.includes(script), "a body with markup is not shown as text");
      for (const escape of ["\\u{0}", "\\u{7}", "\\u{202e}", "\\u{2066}", "\\u{200b}", "\\u{1b}"]) check(shown.includes(escape), `${escape} is not shown`);
      check(!/[\u0000\u202e\u2066\u200b\u001b]/.test(shown), "an invisible character is on the page");
      check(shown.includes("Show all 30,000 characters"), "a long header value is not cut");
      await page.screenshot({ path: `${shots}/hostile.png` });
    }
    if (text === "/big") await page.getByRole("button", { name: /Show all/ }).first().click();
  }
  const facts = await page.evaluate(() => ({
    pwned: globalThis.pwned,
    scripts: document.scripts.length,
    images: document.images.length,
    links: [...document.querySelectorAll("[href], [src], [action]")].map((one) => one.getAttribute("href") ?? one.getAttribute("src")).filter((link) => !link.startsWith("#")),
    handlers: [...document.querySelectorAll("*")].flatMap((one) => one.getAttributeNames()).filter((name) => name.startsWith("on")),
  }));
  check(facts.pwned === undefined && facts.scripts === 1 && facts.images === 0, `hostile text became markup: ${JSON.stringify(facts)}`);
  check(facts.links.length === 0 && facts.handlers.length === 0, `links or handlers: ${JSON.stringify(facts)}`);
  await inspect(page, "hostile payloads");
  await page.keyboard.press("Escape");
}

// What scrolling by a page costs: script, style and layout, in milliseconds; and the slowest until it is drawn.
async function scrolling(page) {
  const steps = 100;
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const spent = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    const parts = metrics.filter(({ name }) => ["ScriptDuration", "LayoutDuration", "RecalcStyleDuration"].includes(name));
    return parts.reduce((sum, { value }) => sum + value * 1000, 0);
  };
  const before = await spent();
  const slowest = await page.locator(grid).evaluate(async (list, count) => {
    let longest = 0;
    for (let step = 1; step <= count; step += 1) {
      const began = performance.now();
      // By a page, from the top again at the end: all rows that are seen are others.
      list.scrollTop = (step * list.clientHeight) % (list.scrollHeight - list.clientHeight);
      await new Promise((drawn) => { requestAnimationFrame(() => setTimeout(drawn)); });
      longest = Math.max(longest, performance.now() - began);
    }
    list.scrollTop = 0;
    return longest;
  }, steps);
  const cost = ((await spent()) - before) / steps;
  await session.detach();
  return { cost, slowest };
}

export async function manyRows(page, url) {
  await page.getByRole("button", { name: "Clear" }).click();
  await page.getByText("No requests yet").waitFor();
  await askMany(url, 200, (number) => `/many/${number}`);
  await page.getByText(/^200 requests/).waitFor();
  const few = await scrolling(page);
  await askMany(url, 9_800, (number) => `/many/${number + 200}`);
  await page.getByText(/^10,000 requests/).waitFor();
  const many = await scrolling(page);
  console.log(`       scrolling by a page takes ${many.cost.toFixed(2)} ms of work among 10,000 rows, ${few.cost.toFixed(2)} ms among 200; the slowest is drawn after ${many.slowest.toFixed(0)} ms`);
  // Both are measured alike and at the same load: what grows with the rows would be fifty times as much.
  check(many.cost < 5 * few.cost + 1, `scrolling among 10,000 rows costs ${many.cost} ms a page, among 200 ${few.cost} ms`);
  const state = () => page.evaluate((selector) => {
    const list = document.querySelector(selector);
    return { nodes: document.querySelectorAll("*").length, rows: list.querySelectorAll(".rows .row").length, count: list.getAttribute("aria-rowcount"), height: list.scrollHeight };
  }, grid);
  const atTop = await state();
  check(atTop.count === "10001" && atTop.height > 10_000 * 28, `10,000 rows: ${JSON.stringify(atTop)}`);
  for (const place of [0.3, 0.7, 1, 0]) {
    await page.locator(grid).evaluate((list, part) => { list.scrollTop = part * list.scrollHeight; }, place);
    await page.waitForFunction((selector) => {
      const list = document.querySelector(selector);
      const box = list.getBoundingClientRect();
      // A row is drawn in the middle of what is seen.
      return [...list.querySelectorAll(".rows .row")].some((row) => row.getBoundingClientRect().top < box.top + box.height / 2 && row.getBoundingClientRect().bottom > box.top + box.height / 2);
    }, grid);
    const now = await state();
    check(now.rows > 10 && now.rows < 80 && now.nodes < 1500, `at ${place} of 10,000 rows the document has ${JSON.stringify(now)}`);
  }
  await page.locator(grid).focus();
  await page.keyboard.press("End");
  await rowWith(page, /\/many\/\d+/).last().waitFor();
  await page.fill("#filter", "/many/1234");
  await page.getByText(/^1 of 10,000 requests/).waitFor();
  await page.fill("#filter", "");
  // More than the page keeps: the oldest go.
  await askMany(url, 50, (number) => `/more/${number}`);
  await page.fill("#filter", "/more/");
  await page.getByText(/^50 of 10,000 requests/).waitFor();
  await page.fill("#filter", "");
  return atTop;
}
