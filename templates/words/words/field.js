// @ts-check
// The field in the header of every page: a combobox over the words of all
// models. Without this script it is a plain field that leads to the words' page.
import { above, cut, make, need } from "../../assets/shared/dom.js";
import { fold } from "../../maps/map/source/fold.js";
import { told } from "./forms.js";
import { Suggestions } from "./suggestions.js";

/** @import { Model, Word } from "./suggestions.js" */

const MOST = 10; // words listed
const NAMED = 2; // models named beside a word

export class Field {
	/** @type {HTMLFormElement} */ #form;
	/** @type {HTMLInputElement} */ #input;
	/** @type {HTMLElement} */ #list;
	/** @type {HTMLElement} */ #said;
	/** @type {Suggestions} */ #suggestions;
	/** @type {Word[]} */ #found = [];
	#marked = -1;
	#asked = 0;

	/** @param {HTMLFormElement} form */
	constructor(form) {
		this.#form = form;
		this.#input = need(form, "input");
		this.#list = need(form, "ul");
		this.#said = need(form, "[role=status]");
		this.#suggestions = new Suggestions(`${form.dataset.words}suggest/`);
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
		if (!query.trim()) return this.#close();
		try {
			const [found, { models }] = await Promise.all([
				this.#suggestions.find(query, MOST),
				this.#suggestions.index(),
			]);
			if (mine === this.#asked) this.#show(found, models);
		} catch (problem) {
			console.warn(problem); // what is typed still leads to its page
			if (mine === this.#asked) this.#close();
		}
	}

	/**
	 * @param {Word[]} found
	 * @param {Model[]} models
	 */
	#show(found, models) {
		const { none = "", some = "" } = this.#form.dataset;
		this.#said.textContent = found.length
			? some.replace("%(n)s", String(found.length))
			: none;
		if (!found.length) return this.#close();
		this.#found = found;
		this.#marked = -1;
		this.#input.removeAttribute("aria-activedescendant");
		this.#list.replaceChildren(...found.map(item(this.#list.id, models)));
		this.#list.hidden = false;
		this.#list.scrollTop = 0;
		this.#input.setAttribute("aria-expanded", "true");
	}

	/** @param {number} index of the word, or −1 for the field itself */
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
		this.#input.value = this.#found[index][0];
		this.#form.requestSubmit();
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
 * @param {string} id
 * @param {Model[]} models
 */
function item(id, models) {
	return (
		/** @type {Word} */ [text, reading, places],
		/** @type {number} */ i,
	) => {
		const titles = places.map((at) => told(models[at].title));
		const rest = titles.length - NAMED;
		const named = titles.slice(0, NAMED).join(" · ");
		const spoken = reading && fold(reading) !== fold(text) ? reading : null;
		return make(
			"li",
			{ role: "option", id: `${id}-${i}`, "aria-selected": "false" },
			make(
				"bdi",
				{ translate: "no", ...(spoken && { lang: "ja" }) },
				cut(text, 40),
			),
			spoken && make("span", { lang: "ja" }, cut(spoken, 20)),
			make("small", {}, rest > 0 ? `${named} +${rest}` : named),
		);
	};
}
