// @ts-check
// The field in the header of every page: a combobox over the words of all
// models, and over what pages say. Without this script it is a plain field that
// leads to the words' page.
import { above, cut, make, need } from "../../assets/shared/dom.js";
import { fold } from "../../maps/map/source/fold.js";
import { told } from "./forms.js";
import { Suggestions } from "./suggestions.js";
import { Texts } from "./texts.js";

/** @import { Model, Word } from "./suggestions.js" */
/** @import { Found } from "./texts.js" */
/** @typedef {{ node: HTMLElement, go: () => void }} Choice */

const MOST = 10; // words listed
const PAGES = 5; // pages listed
const NAMED = 2; // models named beside a word

export class Field {
	/** @type {HTMLFormElement} */ #form;
	/** @type {HTMLInputElement} */ #input;
	/** @type {HTMLElement} */ #list;
	/** @type {HTMLElement} */ #said;
	/** @type {Suggestions} */ #suggestions;
	/** @type {Texts} */ #texts;
	/** @type {Choice[]} */ #found = [];
	#marked = -1;
	#asked = 0;

	/** @param {HTMLFormElement} form */
	constructor(form) {
		this.#form = form;
		this.#input = need(form, "input");
		this.#list = need(form, "ul");
		this.#said = need(form, "[role=status]");
		this.#suggestions = new Suggestions(`${form.dataset.words}suggest/`);
		this.#texts = new Texts(form.dataset.texts ?? "");
		this.#listen();
		if (this.#input.value) this.#ask();
		else this.#suggestions.index().catch(() => {});
	}

	#listen() {
		const input = this.#input;
		input.addEventListener("input", () => this.#ask());
		input.addEventListener("keydown", (event) => this.#key(event));
		input.addEventListener("blur", () => this.#close());
		this.#form.addEventListener("submit", () => this.#close());
		this.#list.addEventListener("pointerdown", (event) => {
			event.preventDefault(); // the field keeps the focus
		});
		this.#list.addEventListener("click", (event) => {
			const item = above(event, "li");
			if (item) this.#go([...this.#list.children].indexOf(item));
		});
	}

	#close() {
		this.#asked++;
		this.#marked = -1;
		this.#list.hidden = true;
		this.#input.setAttribute("aria-expanded", "false");
		this.#input.removeAttribute("aria-activedescendant");
	}

	async #ask() {
		const query = this.#input.value;
		const mine = ++this.#asked;
		this.#marked = -1;
		if (!query.trim()) return this.#close();
		const texts = this.#texts.find(query, PAGES).catch((problem) => {
			console.warn(problem);
			return [];
		});
		/** @type {Word[]} */
		let words = [];
		/** @type {Model[]} */
		let models = [];
		try {
			[words, { models }] = await Promise.all([
				this.#suggestions.find(query, MOST),
				this.#suggestions.index(),
			]);
			if (mine === this.#asked && words.length) this.#show(words, models, []);
		} catch (problem) {
			console.warn(problem); // what is typed still leads to its page
		}
		const pages = await texts;
		if (mine === this.#asked) this.#show(words, models, pages);
	}

	/**
	 * @param {Word[]} words
	 * @param {Model[]} models
	 * @param {Found[]} pages
	 */
	#show(words, models, pages) {
		const { none = "", some = "", pages: more = "" } = this.#form.dataset;
		const told = (/** @type {string} */ text, /** @type {number} */ n) =>
			text.replace("%(n)s", String(n));
		const said = [
			words.length ? told(some, words.length) : none,
			pages.length ? told(more, pages.length) : "",
		];
		this.#said.textContent = said.filter(Boolean).join(" ");
		const kept = this.#marked;
		this.#found = [
			...words.map((word) => ({
				node: wordItem(word, models),
				go: () => this.#open(word[0]),
			})),
			...pages.map((page, i) => ({
				node: pageItem(page, i === 0),
				go: () => location.assign(`${this.#form.dataset.edition}${page.url}`),
			})),
		];
		if (!this.#found.length) return this.#close();
		for (const [i, { node }] of this.#found.entries()) {
			node.id = `${this.#list.id}-${i}`;
		}
		this.#list.replaceChildren(...this.#found.map(({ node }) => node));
		this.#list.hidden = false;
		this.#input.setAttribute("aria-expanded", "true");
		// Words stay where they were when the pages come.
		this.#mark(kept < words.length ? kept : -1);
		if (kept < 0) this.#list.scrollTop = 0;
	}

	/** @param {string} word */
	#open(word) {
		this.#input.value = word;
		this.#form.requestSubmit();
	}

	/** @param {number} index of the choice, or −1 for the field itself */
	#mark(index) {
		this.#marked = index;
		for (const [i, option] of [...this.#list.children].entries()) {
			option.setAttribute("aria-selected", String(i === index));
			if (i === index) option.scrollIntoView({ block: "nearest" });
		}
		if (index < 0) this.#input.removeAttribute("aria-activedescendant");
		else {
			const { id } = this.#list.children[index];
			this.#input.setAttribute("aria-activedescendant", id);
		}
	}

	/** @param {number} index */
	#go(index) {
		this.#found[index].go();
	}

	/** @param {KeyboardEvent} event */
	#key(event) {
		// Keys of an input method are its own; Safari tells so by the code alone.
		if (event.isComposing || event.keyCode === 229) return;
		const { key } = event;
		const shut = this.#list.hidden;
		if (key === "ArrowDown" || key === "ArrowUp") {
			event.preventDefault();
			if (shut) this.#ask();
			else {
				// The field itself is one of the stops.
				const stops = this.#found.length + 1;
				const step = key === "ArrowDown" ? 1 : stops - 1;
				this.#mark(((this.#marked + 1 + step) % stops) - 1);
			}
		} else if (key === "Enter" && !shut && this.#marked >= 0) {
			event.preventDefault();
			this.#go(this.#marked);
		} else if (key === "Escape") {
			event.preventDefault();
			event.stopPropagation();
			if (!shut) this.#close();
			else if (this.#input.value) this.#input.value = "";
			else this.#input.blur();
		}
	}
}

/**
 * Makes the option of a word: the word, its reading, and the models that have
 * it as a token.
 * @param {Word} word
 * @param {Model[]} models
 */
function wordItem([text, reading, places], models) {
	const titles = places.map((at) => told(models[at].title));
	const rest = titles.length - NAMED;
	const named = titles.slice(0, NAMED).join(" · ");
	const spoken = reading && fold(reading) !== fold(text) ? reading : null;
	return make(
		"li",
		{ role: "option", "aria-selected": "false" },
		make(
			"bdi",
			{ translate: "no", ...(spoken && { lang: "ja" }) },
			cut(text, 40),
		),
		spoken && make("span", { lang: "ja" }, cut(spoken, 20)),
		make("small", {}, rest > 0 ? `${named} +${rest}` : named),
	);
}

/**
 * Makes the option of a page: its title, the heading of a part, and the text
 * about what was sought.
 * @param {Found} page
 * @param {boolean} first
 */
function pageItem({ title, heading, before, match, after }, first) {
	const name = first ? "page first" : "page";
	return make(
		"li",
		{ role: "option", "aria-selected": "false", class: name },
		make("b", {}, title),
		heading && make("span", {}, ` › ${heading}`),
		make("small", {}, before, make("mark", {}, match), after),
	);
}
