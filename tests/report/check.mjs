// Opens a page of drills and checks what a person would see: nothing is loaded, reported, cut off or overlapping, all
// text can be read in light and dark, everything is reached with a keyboard, axe-core finds nothing.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import chromium from "@sparticuz/chromium";
import { chromium as playwright } from "playwright-core";

const [, , page_file, out] = process.argv;
const url = pathToFileURL(page_file).href;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const problems = [];

// What is measured within the page; it is sent there as text.
function measure() {
  const found = [];
  const name = (element) =>
    `<${element.tagName.toLowerCase()} class="${element.getAttribute("class") ?? ""}"> ${(element.textContent ?? "").trim().slice(0, 60)}`;
  if (document.documentElement.scrollWidth > window.innerWidth) {
    found.push(`the page is ${document.documentElement.scrollWidth} px wide in a window of ${window.innerWidth}`);
  }
  const parse = (color) => {
    const [r, g, b, a = 1] = color.match(/[\d.]+/g).map(Number);
    return { r, g, b, a };
  };
  const luminance = ({ r, g, b }) => {
    const [red, green, blue] = [r, g, b].map((value) => {
      const part = value / 255;
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const background = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color.a === 1) return color;
    }
    return { r: 255, g: 255, b: 255 };
  };
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || element.closest("title, .skip, .defs")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const boxes = [...range.getClientRects()].filter((box) => box.width > 0.5);
    if (!boxes.length) continue;
    const style = getComputedStyle(element);
    const color = parse(element.closest("svg") ? style.fill : style.color);
    const [light, dark] = [luminance(color), luminance(background(element))].sort((a, b) => b - a);
    const contrast = (light + 0.05) / (dark + 0.05);
    if (contrast < 4.5) found.push(`contrast ${contrast.toFixed(2)}: ${name(element)}`);
    for (const box of boxes) {
      if (box.right > window.innerWidth + 0.5 || box.left < -0.5) found.push(`outside of the window: ${name(element)}`);
      texts.push({ node, element, box });
    }
  }
  texts.sort((a, b) => a.box.top - b.box.top);
  texts.forEach((one, index) => {
    for (let other = index + 1; other < texts.length && texts[other].box.top < one.box.bottom - 2; other += 1) {
      const two = texts[other];
      if (two.node === one.node) continue;
      const wide = Math.min(one.box.right, two.box.right) - Math.max(one.box.left, two.box.left);
      const high = Math.min(one.box.bottom, two.box.bottom) - two.box.top;
      if (wide > 1 && high > 3) found.push(`overlap: ${name(one.element)} and ${name(two.element)}`);
    }
  });
  for (const mark of document.querySelectorAll(".track use, .track rect")) {
    const box = mark.getBoundingClientRect();
    const track = mark.closest("svg").getBoundingClientRect();
    if (box.left < track.left - 8 || box.right > track.right + 8) found.push(`outside of its drawing: ${mark.outerHTML}`);
    if (box.width === 0 && mark.tagName === "use") found.push(`not drawn: ${mark.outerHTML}`);
  }
  return { found, texts: texts.length, marks: document.querySelectorAll(".track use").length };
}

const browser = await playwright.launch({
  executablePath: await chromium.executablePath(),
  args: chromium.args.filter((argument) => argument !== "--single-process"),
  headless: true,
});
for (const colorScheme of ["light", "dark"]) {
  for (const width of [1280, 400]) {
    const where = `${colorScheme}, ${width} px`;
    const context = await browser.newContext({ colorScheme, viewport: { width, height: width > 400 ? 1000 : 860 } });
    const page = await context.newPage();
    page.on("console", (message) => problems.push(`${where}: console: ${message.text()}`));
    page.on("pageerror", (error) => problems.push(`${where}: ${error}`));
    page.on("dialog", (dialog) => {
      problems.push(`${where}: a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("request", (request) => {
      if (request.url() !== url) problems.push(`${where}: a request to ${request.url()}`);
    });
    await page.goto(url);
    const shot = width > 400 ? colorScheme : `${colorScheme}-narrow`;
    await page.screenshot({ path: `${out}/${shot}-top.png` });
    // With a keyboard: the first stop is the link past the head, and every link and summary is a stop.
    const stops = await page.locator("a, summary").count();
    await page.keyboard.press("Tab");
    const first = await page.evaluate(() => document.activeElement.className);
    if (first !== "skip") problems.push(`${where}: the first stop is not the link past the head`);
    let reached = 1;
    for (; reached < stops; reached += 1) await page.keyboard.press("Tab");
    const last = await page.evaluate(() => document.activeElement.tagName);
    if (last !== "SUMMARY") problems.push(`${where}: after ${reached} stops the focus is on ${last}`);
    await page.keyboard.press("Enter");
    if (!(await page.evaluate(() => document.activeElement.parentElement.open))) problems.push(`${where}: Enter opens nothing`);
    await page.evaluate(() => document.querySelectorAll("details").forEach((details) => { details.open = true; }));
    const { found, texts, marks } = await page.evaluate(measure);
    problems.push(...found.slice(0, 20).map((problem) => `${where}: ${problem}`));
    if (texts < 200 || marks < 20) problems.push(`${where}: only ${texts} texts and ${marks} marks`);
    await page.evaluate(axe);
    const violations = await page.evaluate(async () => (await globalThis.axe.run()).violations);
    for (const violation of violations) {
      problems.push(`${where}: axe: ${violation.id}: ${violation.help}: ${violation.nodes[0].html.slice(0, 200)}`);
    }
    await page.evaluate(() => document.querySelectorAll("details").forEach((details) => { details.open = false; }));
    await page.locator("section.card").nth(2).scrollIntoViewIfNeeded();
    await page.locator("section.card").nth(2).evaluate((section) => section.scrollIntoView());
    await page.screenshot({ path: `${out}/${shot}.png` });
    await page.screenshot({ path: `${out}/${shot}-whole.png`, fullPage: true });
    console.log(`${where}: ${texts} texts, ${marks} marks, ${stops} stops`);
    await context.close();
  }
}
await browser.close();
for (const problem of problems) console.log(`FAILED ${problem}`);
console.log(problems.length ? `${problems.length} problems` : "the page is as it should be");
process.exit(problems.length ? 1 : 0);
