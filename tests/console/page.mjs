// Pages that are watched: whatever they should not do is a problem.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import chromium from "@sparticuz/chromium";
import { chromium as playwright } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
export const problems = [];

export function check(holds, what) {
  if (!holds) problems.push(what);
}

export async function launch() {
  return playwright.launch({
    executablePath: await chromium.executablePath(),
    args: chromium.args.filter((argument) => argument !== "--single-process"),
    headless: true,
  });
}

// A page of the console. Requests elsewhere, messages on the console, errors and dialogs are problems, but for
// `expected` answers that are errors.
export async function open(browser, url, where, { colorScheme = "light", width = 1280, height = 800, expected = [] } = {}) {
  const context = await browser.newContext({ colorScheme, viewport: { width, height }, timezoneId: "UTC" });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on("console", (message) => {
    if (!expected.some((status) => message.text().includes(`status of ${status}`))) problems.push(`${where}: console: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`${where}: ${error.stack}`));
  page.on("dialog", (dialog) => {
    if (dialog.type() === "confirm") return void dialog.accept();
    problems.push(`${where}: a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) problems.push(`${where}: a request to ${request.url()}`);
  });
  await page.goto(url);
  return page;
}

// Goes to a view, whatever has the focus.
export const go = (page, title) => page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: title }).click();

// What a person would see: nothing is cut off by the window, all text can be read.
function measure() {
  const found = [];
  const name = (element) => `<${element.tagName.toLowerCase()} class="${element.getAttribute("class") ?? ""}"> ${(element.textContent ?? "").trim().slice(0, 60)}`;
  if (document.documentElement.scrollWidth > window.innerWidth) found.push(`the page is ${document.documentElement.scrollWidth} px wide in a window of ${window.innerWidth}`);
  const parse = (color) => {
    const [r, g, b, a = 1] = color.match(/[\d.]+/g).map(Number);
    return { r, g, b, a };
  };
  const luminance = ({ r, g, b }) => {
    const [red, green, blue] = [r, g, b].map((value) => (value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const background = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color.a === 1) return color;
    }
    return { r: 255, g: 255, b: 255 };
  };
  let texts = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || element.closest("title, .skip, .defs, script, style, option, .hidden, noscript") || !element.checkVisibility()) continue;
    texts += 1;
    const style = getComputedStyle(element);
    const [light, dark] = [luminance(parse(element.closest("svg") ? style.fill : style.color)), luminance(background(element))].sort((a, b) => b - a);
    const contrast = (light + 0.05) / (dark + 0.05);
    if (contrast < 4.5 && !element.closest(":disabled")) found.push(`contrast ${contrast.toFixed(2)}: ${name(element)}`);
  }
  for (const control of document.querySelectorAll("button, input, select, textarea, a")) {
    if (!control.checkVisibility()) continue;
    const box = control.getBoundingClientRect();
    const isScrolled = control.closest(".list, .panel, .side, .scroll-x, #views, pre");
    if (!isScrolled && (box.right > window.innerWidth + 0.5 || box.left < -0.5) && !control.matches(".skip")) found.push(`outside of the window: ${name(control)}`);
  }
  return { found, texts };
}

export async function inspect(page, where) {
  const { found, texts } = await page.evaluate(measure);
  problems.push(...found.slice(0, 10).map((problem) => `${where}: ${problem}`));
  check(texts > 10, `${where}: only ${texts} texts`);
  await page.evaluate(axe).catch(() => undefined);
  const violations = await page.evaluate(async () => (await globalThis.axe.run()).violations);
  for (const violation of violations) {
    problems.push(`${where}: axe: ${violation.id}: ${violation.help}: ${violation.nodes[0].html.slice(0, 200)}`);
  }
}
