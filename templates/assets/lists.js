// @ts-check
// Long pages: a filter for their lists, tables that sort by a column, and the
// place in the contents. All of it is there without scripts, only not these.
import { above, make, need } from "./shared/dom.js";

/** @param {string} text */
const folded = (text) => text.normalize("NFKC").toLowerCase();

/** @param {string} text */
const bare = (text) => folded(text).replace(/[^\p{L}\p{N}]+/gu, "");

/**
 * The items that are meant by a name longer than theirs, such as a model's on
 * the hub or one of its classes: those whose own name it begins with, and of
 * these the longest. A part that begins later, as T5 in flan-t5, is asked last.
 * @param {string} query
 * @param {string[][]} names of each item
 * @returns {Set<number>}
 */
function meant(query, names) {
	const parts = (query.split("/").pop() ?? "").split(/[^\p{L}\p{N}.]+/u);
	for (let first = 0; first < parts.length; first++) {
		const asked = bare(parts.slice(first).join(""));
		const fits = names.map((own) =>
			Math.max(
				0,
				...own.map((name) => (asked.startsWith(name) ? name.length : 0)),
			),
		);
		const most = Math.max(0, ...fits);
		if (most > 1) {
			return new Set(fits.flatMap((fit, i) => (fit === most ? [i] : [])));
		}
	}
	return new Set();
}

/** @param {Element} item */
const called = (item) => {
	const names = item.getAttribute("data-names") ?? "";
	return names.split(" ").map(bare).filter(Boolean);
};

/**
 * Shows the items that have the text, and the groups that have it in their own
 * heading with all of their items; where none has it, those that are meant.
 * @param {HTMLElement} bar
 */
function sift(bar) {
	const { groups = "", items = "" } = bar.dataset;
	/** @type {HTMLInputElement} */
	const input = need(bar, "input");
	const count = need(bar, "[role=status]");
	const all = [...document.querySelectorAll(items)];
	const told = all.map((item) => folded(item.textContent ?? ""));
	const names = all.map(called);
	const folds = all.map((item) => item.closest("details"));
	need(bar, "label").hidden = false;
	input.addEventListener("input", () => {
		const wanted = folded(input.value.trim());
		/** @type {Set<Element>} */
		const whole = new Set();
		for (const group of document.querySelectorAll(groups)) {
			const head = group.querySelector("h2, h3")?.textContent ?? "";
			if (folded(head).includes(wanted)) whole.add(group);
		}
		const having = new Set(
			told.flatMap((text, i) => (text.includes(wanted) ? [i] : [])),
		);
		const found = having.size ? having : meant(input.value, names);
		let shown = 0;
		for (const fold of folds) if (fold) fold.open = false;
		all.forEach((item, i) => {
			const group = item.closest(groups);
			const fits = found.has(i) || (group && whole.has(group));
			/** @type {HTMLElement} */ (item).hidden = !fits;
			if (fits) shown++;
			const fold = folds[i];
			if (fold && wanted && found.has(i)) fold.open = true;
		});
		for (const group of document.querySelectorAll(groups)) {
			const left = group.querySelector(":is(li, .inner):not([hidden])");
			/** @type {HTMLElement} */ (group).hidden = !left && !whole.has(group);
		}
		count.textContent = wanted
			? (count.dataset.words ?? "")
					.replace("%(n)s", String(shown))
					.replace("%(all)s", String(all.length))
			: "";
	});
}

/** @param {HTMLTableCellElement} cell */
const worth = ({ dataset, textContent }) =>
	Number(dataset.value ?? (textContent ?? "").replace(/[,%]/g, ""));

/**
 * Orders the rows by the column of a heading, and the other way when asked again.
 * @param {HTMLTableElement} table
 * @param {HTMLTableCellElement} heading
 */
function order(table, heading) {
	const column = heading.cellIndex;
	const number = heading.classList.contains("n");
	const before = heading.getAttribute("aria-sort");
	const up = before ? before === "descending" : !number;
	for (const other of table.tHead?.rows[0].cells ?? []) {
		other.removeAttribute("aria-sort");
	}
	heading.setAttribute("aria-sort", up ? "ascending" : "descending");
	const body = table.tBodies[0];
	const rows = [...body.rows].sort((a, b) => {
		const [x, y] = [a.cells[column], b.cells[column]];
		const less = number
			? worth(x) - worth(y)
			: (x.textContent ?? "").localeCompare(y.textContent ?? "");
		return up ? less : -less;
	});
	body.append(...rows);
}

/** @param {HTMLTableElement} table */
function sortable(table) {
	for (const heading of table.tHead?.rows[0].cells ?? []) {
		const button = make("button", {
			type: "button",
			onclick: () => order(table, heading),
		});
		button.append(...heading.childNodes);
		heading.append(button);
	}
}

/** Marks the section that is read in the contents. */
function follow() {
	const links = [...document.querySelectorAll("nav.contents a")];
	const heads = links.map((link) =>
		document.getElementById((link.getAttribute("href") ?? "").slice(1)),
	);
	const mark = () => {
		const passed = heads.filter(
			(head) => head && head.getBoundingClientRect().top < innerHeight / 3,
		).length;
		links.forEach((link, i) => {
			if (i === passed - 1) link.setAttribute("aria-current", "true");
			else link.removeAttribute("aria-current");
		});
	};
	if (!links.length) return;
	addEventListener("scroll", () => requestAnimationFrame(mark), {
		passive: true,
	});
	mark();
}

/** Folds the contents of a phone when one of them is chosen. */
function fold() {
	/** @type {HTMLDetailsElement | null} */
	const folder = document.querySelector("details.contents");
	folder?.addEventListener("click", (event) => {
		if (above(event, "a")) folder.open = false;
	});
}

/** Opens what holds the place that the address names. */
function reveal() {
	const place = document.getElementById(
		decodeURIComponent(location.hash.slice(1)),
	);
	const fold = place?.closest("details") ?? place?.querySelector("details");
	if (!place || !fold || fold.open) return;
	fold.open = true;
	place.scrollIntoView();
}

addEventListener("hashchange", reveal);
reveal();
for (const bar of document.querySelectorAll(".sift")) {
	sift(/** @type {HTMLElement} */ (bar));
}
for (const table of document.querySelectorAll("table.sortable")) {
	sortable(/** @type {HTMLTableElement} */ (table));
}
follow();
fold();
