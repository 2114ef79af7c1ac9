// Text from outside → text that the page shows. Nothing in it is invisible or changes the order of what is beside it.

// Controls, bidirectional overrides, zero-width characters: the same ones as in the report of a drill.
const INVISIBLE =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb]|[\u{e0000}-\u{e0fff}]/gu;

// In a body, tabs and line breaks are what they are.
function visible(text) {
  return String(text)
    .replace(/\r\n/g, "\n")
    .replace(INVISIBLE, (letter) => `\\u{${letter.codePointAt(0).toString(16)}}`);
}

// In one line, they are shown as escapes.
function oneLine(text, most = 300) {
  const whole = String(text);
  const short = cut(whole, most).replace(/[\t\n]/g, (letter) => (letter === "\t" ? "\\t" : "\\n"));
  return visible(short);
}

// Long texts are cut between characters.
function cut(text, most) {
  if (text.length <= most) return text;
  const last = text.charCodeAt(most - 1);
  return `${text.slice(0, last >= 0xd800 && last <= 0xdbff ? most - 1 : most)}…`;
}

function clockTime(milliseconds) {
  const date = new Date(milliseconds);
  const two = (number) => String(number).padStart(2, "0");
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two);
  return `${parts.join(":")}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

// 0.4 ms, 12 ms, 3.1 s, 4 min
function span(microseconds) {
  if (microseconds < 1000) return `${(microseconds / 1000).toFixed(2)} ms`;
  if (microseconds < 10_000) return `${(microseconds / 1000).toFixed(1)} ms`;
  if (microseconds < 1_000_000) return `${Math.round(microseconds / 1000)} ms`;
  if (microseconds < 120_000_000) return `${(microseconds / 1_000_000).toFixed(1)} s`;
  return `${Math.round(microseconds / 60_000_000)} min`;
}

function seconds(value) {
  if (value < 60) return `${value.toFixed(1)} s`;
  const [hours, minutes] = [Math.floor(value / 3600), Math.floor(value / 60) % 60];
  return hours ? `${hours} h ${minutes} min` : `${minutes} min ${Math.floor(value % 60)} s`;
}

function grouped(number) {
  return Number(number).toLocaleString("en-US");
}

function count(number, noun) {
  return `${grouped(number)} ${noun}${Number(number) === 1 ? "" : "s"}`;
}
