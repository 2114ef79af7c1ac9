// A table of any length: only the rows that can be seen are in the document.

const ROW = 28;
// How many rows are drawn beyond what is seen.
const AROUND = 8;

class RowList {
  // `columns`: {title, width, of(row) → node or text, n}. `key(row)` tells rows apart. `open(row)` is called for the
  // row that is chosen.
  constructor({ label, columns, key, open, tone, least }) {
    Object.assign(this, { columns, key, open, tone, rows: [], chosen: undefined, isNewestFirst: false });
    this.id = `list-${label.toLowerCase().replace(/[^a-z]+/g, "-")}`;
    this.body = el("div", { class: "rows", role: "rowgroup" });
    this.head = el("div", { class: "row head", role: "row", "aria-rowindex": 1 });
    this.scroll = el("div", {
      class: "list", role: "grid", tabindex: 0, "aria-label": label,
      onscroll: () => this.later(), onkeydown: (event) => this.move(event), onclick: (event) => this.click(event),
    }, this.head, this.body);
    this.drawn = new Map();
    this.setColumns(columns, least);
    this.resizes = new ResizeObserver(() => this.later());
    this.resizes.observe(this.scroll);
  }

  // `least` is how wide they are at least; narrower windows scroll.
  setColumns(columns, least = `${columns.length * 6}rem`) {
    this.columns = columns;
    this.scroll.style.setProperty("--columns", columns.map(({ width }) => width).join(" "));
    this.scroll.style.setProperty("--least", least);
    const cell = ({ title, n }) => el("div", { role: "columnheader", class: n ? "n" : null }, title);
    this.head.replaceChildren(...columns.map(cell));
    this.scroll.setAttribute("aria-colcount", columns.length);
    this.forget();
  }

  get length() {
    return this.rows.length;
  }

  // The row at a place on the screen.
  at(place) {
    return this.rows[this.isNewestFirst ? this.rows.length - 1 - place : place];
  }

  placeOf(key) {
    const index = this.rows.findIndex((row) => this.key(row) === key);
    return index < 0 || !this.isNewestFirst ? index : this.rows.length - 1 - index;
  }

  // Other rows, in the order in which they came. `added` of them are new at the top: what is looked at stays in place.
  setRows(rows, added = 0) {
    this.rows = rows;
    const { scroll } = this;
    if (added > 0 && this.isNewestFirst && scroll.scrollTop > ROW / 2) {
      this.size();
      scroll.scrollTop += added * ROW;
    }
    this.later();
  }

  // Draws all rows anew.
  forget() {
    for (const { element } of this.drawn.values()) element.remove();
    this.drawn.clear();
    this.later();
  }

  later() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.draw();
    });
  }

  size() {
    this.body.style.height = `${this.rows.length * ROW}px`;
    this.scroll.setAttribute("aria-rowcount", this.rows.length + 1);
  }

  draw() {
    this.size();
    const top = Math.max(0, this.scroll.scrollTop - ROW);
    const first = Math.max(0, Math.floor(top / ROW) - AROUND);
    const last = Math.min(this.rows.length, Math.ceil((top + this.scroll.clientHeight) / ROW) + AROUND);
    const wanted = new Map();
    for (let place = first; place < last; place += 1) wanted.set(this.key(this.at(place)), place);
    for (const [key, { element, row }] of this.drawn) {
      if (wanted.has(key) && this.at(wanted.get(key)) === row) continue;
      element.remove();
      this.drawn.delete(key);
    }
    for (const [key, place] of wanted) {
      let drawn = this.drawn.get(key);
      if (!drawn) {
        const row = this.at(place);
        drawn = { row, element: this.element(row) };
        this.drawn.set(key, drawn);
        this.body.append(drawn.element);
      }
      const { element } = drawn;
      element.style.transform = `translateY(${place * ROW}px)`;
      element.setAttribute("aria-rowindex", place + 2);
      element.id = `${this.id}-${place}`;
      element.setAttribute("aria-selected", String(key === this.chosen));
    }
    const place = this.chosen === undefined ? -1 : wanted.get(this.chosen) ?? -1;
    if (place < 0) this.scroll.removeAttribute("aria-activedescendant");
    else this.scroll.setAttribute("aria-activedescendant", `${this.id}-${place}`);
  }

  element(row) {
    const cell = ({ of, n }) => el("div", { role: "gridcell", class: n ? "n" : null }, of(row));
    const element = el("div", { class: `row ${this.tone?.(row) ?? ""}`, role: "row" }, this.columns.map(cell));
    element.row = row;
    return element;
  }

  choose(place, opens) {
    if (!this.rows.length) return;
    const at = Math.max(0, Math.min(this.rows.length - 1, place));
    const row = this.at(at);
    this.chosen = this.key(row);
    const { scroll } = this;
    const [top, bottom] = [at * ROW, (at + 2) * ROW];
    if (scroll.scrollTop > top) scroll.scrollTop = top;
    if (scroll.scrollTop + scroll.clientHeight < bottom) scroll.scrollTop = bottom - scroll.clientHeight;
    this.later();
    if (opens) this.open(row);
  }

  click(event) {
    const element = event.target.closest(".row");
    if (element?.row === undefined) return;
    this.choose(this.placeOf(this.key(element.row)), true);
  }

  move(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const page = Math.max(1, Math.floor(this.scroll.clientHeight / ROW) - 2);
    const steps = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    const now = this.chosen === undefined ? -1 : this.placeOf(this.chosen);
    if (event.key in steps) {
      event.preventDefault();
      const to = now + steps[event.key];
      this.choose(Number.isFinite(to) ? to : to < 0 ? 0 : this.rows.length - 1, this.follows);
    } else if (event.key === "Enter" && now >= 0) {
      event.preventDefault();
      this.choose(now, true);
    }
  }

  close() {
    this.resizes.disconnect();
    cancelAnimationFrame(this.frame);
  }
}
