// @ts-check
// The search field: a combobox over every token, by any part of it or by its
// reading.
import { above, cut, make, need } from "../../assets/shared/dom.js";
import { fill } from "./panel/words.js";
import { fold } from "./source/fold.js";

/** @import { LiveMap } from "./live.js" */
/** @import { Match } from "./source/index.js" */

const MOST = 12; // tokens listed

export class Search {
	/** @type {HTMLInputElement} */ field;
	/** @type {LiveMap} */ #map;
	/** @type {HTMLElement} */ #list;
	/** @type {Match[]} */ #found = [];
	#chosen = -1;
	#asked = 0;
	/** @type {number[] | "unread" | null} every token that the query finds */
	#all = null;
	/** @type {number | null} the token chosen here */ #mine = null;

	/** @param {LiveMap} map */
	constructor(map) {
		this.#map = map;
		this.field = need(map.stage, "input[name=find]");
		this.#list = need(map.stage, ".found");
		this.field.addEventListener("input", () => this.#ask());
		this.field.addEventListener("keydown", (event) => this.#key(event));
		this.field.addEventListener("blur", () => this.#close());
		this.#list.addEventListener("pointerdown", (event) => {
			event.preventDefault();
			const item = above(event, "li");
			if (item) this.#go(this.#items.indexOf(item));
		});
		map.on("select", (row) => {
			if (row !== null && row !== this.#mine) this.field.value = "";
		});
		map.on("restore", (row) => {
			if (row !== this.#mine) this.field.value = ""; // Back leads to before it
		});
	}

	#close() {
		this.#asked++;
		this.#list.hidden = true;
		this.field.setAttribute("aria-expanded", "false");
		this.field.removeAttribute("aria-activedescendant");
	}

	/** @param {number} index */
	#mark(index) {
		this.#chosen = index;
		const items = this.#items;
		for (const [i, item] of items.entries()) {
			item.setAttribute("aria-selected", String(i === index));
		}
		if (index < 0) return;
		this.field.setAttribute("aria-activedescendant", items[index].id);
		items[index].scrollIntoView({ block: "nearest" });
	}

	/** @param {number} index */
	#go(index) {
		const match = this.#found[index];
		if (!match && !this.#all) return;
		this.#close();
		if (match) {
			this.#mine = match.row;
			this.#map.select(match.row, true);
		} else this.#showAll().catch(this.#map.failed);
	}

	/** Sets every token that was found apart. */
	async #showAll() {
		const map = this.#map;
		const query = this.field.value.trim();
		const title = fill(map.words.matching, { query, n: "%(n)s" });
		if (this.#all === "unread") map.say(map.words.loading);
		const all =
			this.#all === "unread" ? await map.source.all(query, true) : this.#all;
		if (map.selected) await map.select(null);
		map.camera.whole();
		map.choose(all, title);
	}

	async #ask() {
		const wanted = this.field.value.trim();
		this.#found = [];
		this.#all = null;
		this.#chosen = -1;
		if (!wanted) return this.#close();
		const mine = ++this.#asked;
		try {
			const { source } = this.#map;
			const found = await source.find(wanted, MOST);
			const all = await source.all(wanted);
			const spelled = found.length === 0 && this.#inBytes(wanted);
			const parts = spelled ? await source.parts(wanted) : [];
			if (mine !== this.#asked) return;
			if (parts.length || spelled) this.#showParts(parts);
			else this.#show(found, all);
		} catch (problem) {
			this.#map.failed(problem);
		}
	}

	/**
	 * Whether a text that no token holds is spelled in bytes here.
	 * @param {string} wanted
	 */
	#inBytes(wanted) {
		const { groups } = this.#map.meta;
		return /[^\0-\x7f]/.test(wanted) && groups.kind.includes("byte");
	}

	/**
	 * Tells that a text is spelled in bytes, and shows tokens that hold some.
	 * @param {Match[]} parts
	 */
	#showParts(parts) {
		this.#found = parts;
		const { words } = this.#map;
		const told = parts.length ? words["in-bytes"] : words.bytes;
		const items = parts.map((match, i) => this.#item(match, i));
		this.#list.replaceChildren(this.#note(told), ...items);
		this.#open();
		this.#mark(parts.length ? 0 : -1);
		this.#map.say(told);
	}

	#open() {
		this.#list.hidden = false;
		this.field.setAttribute("aria-expanded", "true");
	}

	/**
	 * @param {Match[]} found
	 * @param {number[] | null} all
	 */
	#show(found, all) {
		const { words } = this.#map;
		this.#found = found;
		const several = (all?.length ?? found.length) > 1 && !this.#map.embedded;
		this.#all = several ? (all ?? "unread") : null;
		const items = found.map((match, i) => this.#item(match, i));
		if (several) items.push(this.#every(all?.length ?? null, found.length));
		const none = [this.#note(words.nothing)];
		this.#list.replaceChildren(...(items.length ? items : none));
		this.#open();
		this.#mark(found.length ? 0 : -1);
		const some = found.length === MOST ? `${MOST}+` : found.length;
		const n = all ? this.#map.number(all.length) : some;
		this.#map.say(found.length ? fill(words.matches, { n }) : words.nothing);
	}

	/**
	 * @param {Match} match
	 * @param {number} i
	 */
	#item({ text, kind, reading }, i) {
		const spoken = reading && fold(reading) !== fold(text) ? reading : null;
		const extra = [spoken, this.#map.words[`kind:${kind}`]].filter(Boolean);
		const id = `${this.#list.id}-${i}`;
		return make(
			"li",
			{ role: "option", id, "aria-selected": "false" },
			make("bdi", {}, cut(text)),
			make("small", {}, extra.join(" · ")),
		);
	}

	/**
	 * The last of the list: all that are found; `count` is null where that is not
	 * known.
	 * @param {number | null} count
	 * @param {number} i
	 */
	#every(count, i) {
		const { words } = this.#map;
		const id = `${this.#list.id}-${i}`;
		const { lang } = document.documentElement;
		const n = count === null ? "" : this.#map.number(count);
		const told = n ? fill(words.sift, { n }) : words["sift-all"];
		return make(
			"li",
			{ role: "option", id, "aria-selected": "false", class: "every", lang },
			make("b", {}, told),
			make("small", {}, words.patterns),
		);
	}

	/**
	 * What cannot be chosen.
	 * @param {string} told
	 */
	#note(told) {
		const { lang } = document.documentElement;
		const state = { "aria-selected": "false", "aria-disabled": "true" };
		return make("li", { role: "option", ...state, lang }, told);
	}

	/** The tokens of the list. */
	get #items() {
		return [...this.#list.children].filter((item) => item.id);
	}

	/** @param {KeyboardEvent} event */
	async #key(event) {
		if (event.isComposing) return;
		const { key } = event;
		if (key === "ArrowDown" || key === "ArrowUp") {
			event.preventDefault();
			const n = this.#found.length + Number(this.#all !== null);
			if (this.#list.hidden) await this.#ask();
			else if (n)
				this.#mark((this.#chosen + (key === "ArrowDown" ? 1 : n - 1)) % n);
		} else if (key === "Enter") {
			event.preventDefault();
			if (this.#list.hidden && this.field.value.trim()) await this.#ask();
			this.#go(Math.max(this.#chosen, 0));
		} else if (key === "Escape") {
			event.stopPropagation();
			if (this.#list.hidden) this.field.value = "";
			this.#close();
		}
	}
}
