// @ts-check
// The page of any word: /words/?w=…
import { above, cut, make, need } from "../../assets/shared/dom.js";
import { fill, readWords } from "../../maps/map/panel/words.js";
import { Answers } from "./answers.js";
import { hrefOf, splitLine, tokenPart, twinsOf, wordLink } from "./draw.js";
import { keyOf, told, wordOf } from "./forms.js";
import { sharedNeighbors } from "./shared.js";
import { knownOf, Splits } from "./splits.js";
import { Suggestions } from "./suggestions.js";

/** @import { Answer, Model } from "./answers.js" */
/** @import { Page } from "./draw.js" */
/** @typedef {{ splits: Promise<void>[], below: (() => void)[] }} Later what comes after the first screen, or when a tokenizer does */

const PARTS = 12; // words of a text that are looked up
const UNASKED = 4e6; // bytes of a tokenizer that is fetched without being asked for
const NEAREST = 8; // words told where there is none
const PATIENCE = 100; // milliseconds that the list of all words stays
const BYTE = /<0x[0-9A-F]{2}>/; // of a piece that is no whole character

export class WordPage {
	/** @type {HTMLElement} */ #place;
	/** @type {HTMLElement} */ #body;
	/** @type {HTMLElement} */ #said;
	/** @type {Page} */ #page;
	/** @type {Answers} */ #answers;
	/** @type {Splits} */ #splits;
	/** @type {Suggestions} */ #suggestions;
	#title = document.title;
	#asked = 0;
	#waiting = 0;

	/** @param {HTMLElement} place */
	constructor(place) {
		const {
			data = "",
			root = "",
			edition = "",
			tokenizers = "",
		} = place.dataset;
		const numbers = new Intl.NumberFormat(document.documentElement.lang);
		const number = (/** @type {number} */ value) => numbers.format(value);
		this.#place = place;
		this.#body = need(place, ".answer-body");
		this.#said = need(place, "[role=status]");
		this.#page = { words: readWords(place), root, edition, number };
		this.#answers = new Answers(data);
		this.#splits = new Splits(root, tokenizers);
		this.#suggestions = new Suggestions(`${data}suggest/`);
	}

	/** Shows what the address asks for, and follows it. */
	follow() {
		addEventListener("popstate", () => this.show());
		const form = document.querySelector("form.ask");
		const input = form?.querySelector("input");
		form?.addEventListener("submit", (event) => {
			event.preventDefault();
			this.go(hrefOf(input?.value.trim() ?? ""));
			input?.blur();
		});
		this.#place.addEventListener("click", (event) => {
			const link = above(event, "a[href^='?w=']");
			const plain =
				event.button === 0 &&
				!(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
			if (!link || !plain) return;
			event.preventDefault();
			this.go(link.getAttribute("href") ?? "");
		});
		this.show();
		this.#answers.index().catch(() => {}); // for the first word
	}

	/** @param {string} href */
	async go(href) {
		// Asked for before all else, it comes while the rest is done.
		this.#answers.around(askedIn(href)).catch(() => {});
		await null;
		history.pushState(null, "", href);
		await this.show(true);
		/** @type {HTMLElement | null} */
		const head = this.#body.querySelector("h1");
		head?.focus({ preventScroll: true });
	}

	/** @param {boolean} [anew] whether it begins at the top */
	async show(anew = false) {
		const text = askedIn(location.search);
		const mine = ++this.#asked;
		// What is there stays until the answer is, for a moment at most.
		clearTimeout(this.#waiting);
		if (text) this.#waiting = setTimeout(() => this.#open(true), PATIENCE);
		else this.#open(false);
		/** @type {HTMLInputElement | null} */
		const input = document.querySelector("form.ask input");
		if (input && input !== document.activeElement) input.value = text;
		/** @type {NodeListOf<HTMLAnchorElement>} */
		const languages = document.querySelectorAll("a.language");
		for (const link of languages) link.search = location.search;
		document.title = text ? `${cut(text, 60)} · ${this.#title}` : this.#title;
		if (!text) return;
		this.#place.setAttribute("aria-busy", "true");
		/** @type {Later} */
		const later = { splits: [], below: [] };
		let parts;
		try {
			parts = await this.#answer(text, later);
		} catch (problem) {
			console.warn(problem);
			parts = [headOf(text), trouble(this.#page.words.fetch)];
		}
		if (mine !== this.#asked) return;
		clearTimeout(this.#waiting);
		// Before there is much to lay out for it.
		if (anew) scrollTo({ top: 0, behavior: "instant" });
		this.#open(true);
		this.#body.replaceChildren(...parts);
		this.#said.textContent =
			this.#body.querySelector(".lede")?.textContent ?? "";
		await Promise.all(later.splits);
		if (later.below.length) await shown();
		if (mine !== this.#asked) return;
		for (const draw of later.below) draw();
		this.#place.removeAttribute("aria-busy");
	}

	/**
	 * Shows an answer, or the list of all words.
	 * @param {boolean} answered
	 */
	#open(answered) {
		this.#place.hidden = !answered;
		/** @type {HTMLElement | null} */
		const index = document.querySelector(".words-index");
		if (index) index.hidden = answered;
	}

	/**
	 * The parts of the answer to a text.
	 * @param {string} text
	 * @param {Later} later what parts are still to be filled with
	 * @returns {Promise<Node[]>}
	 */
	async #answer(text, later) {
		const [{ models }, { words }, answers] = await Promise.all([
			this.#answers.index(),
			this.#answers.around(text),
			this.#answers.of(text),
		]);
		const has = models.filter((_, i) => answers?.[i]?.tokens);
		const [first] = has;
		const cards = models.map((model, i) => {
			const answer = answers?.[i] ?? null;
			const line = make("div", { class: "split" });
			const split = this.#split(model, text, answer, () => knownOf(words, i));
			later.splits.push(split.then((parts) => line.replaceChildren(...parts)));
			return this.#card(model, answer, line, model === first ? 1 : 0, later);
		});
		const nearest = make("section", { class: "nearest" });
		if (!answers && partsOf(text).length < 2) {
			const found = this.#nearest(text);
			later.splits.push(
				found.then((parts) => nearest.replaceChildren(...parts)),
			);
		}
		return [
			headOf(text, has[0]?.language),
			make("p", { class: "lede" }, this.#verdict(has, models)),
			...(answers ? this.#sharing(models, answers, keyOf(text)) : [nearest]),
			...switchOf(answers ?? [], this.#page.words),
			...cards,
		];
	}

	/**
	 * What is said first: which models have the word as a token.
	 * @param {Model[]} has
	 * @param {Model[]} models
	 */
	#verdict(has, models) {
		const { words } = this.#page;
		if (!has.length) return words.nowhere;
		if (has.length === models.length && has.length > 1) return words.everywhere;
		const names = has.map(({ title }) => told(title));
		const { lang } = document.documentElement;
		const list = new Intl.ListFormat(lang, { type: "conjunction" });
		return fill(words.somewhere, { models: list.format(names) });
	}

	/**
	 * What a model says of a text.
	 * @param {Model} model
	 * @param {Answer | null} answer
	 * @param {Node} split
	 * @param {number} most tokens that are drawn at once, not `later`
	 * @param {Later} later
	 */
	#card(model, answer, split, most, later) {
		const href = `${this.#page.edition}models/${model.id}/`;
		const title = make("a", { href }, told(model.title));
		const tokens = (answer?.tokens ?? []).map((token, i) => {
			const draw = () => tokenPart(this.#page, model, token);
			if (i < most) return draw();
			const place = make("section", { class: "one-token" });
			later.below.push(() => place.replaceWith(draw()));
			return place;
		});
		return make(
			"article",
			{ class: "in-model" },
			make("h2", {}, title),
			split,
			...tokens,
		);
	}

	/**
	 * How a model's tokenizer splits a text: as the build knows it, else as the
	 * tokenizer says here, else word by word as far as that is known.
	 * @param {Model} model
	 * @param {string} text
	 * @param {Answer | null} answer
	 * @param {() => [text: string, ids: number[]][]} known
	 */
	async #split(model, text, answer, known) {
		const token = Boolean(answer?.tokens);
		const own = splitOf(answer, text);
		if (own) return [this.#line(model, own, token)];
		if (!this.#splits.offered(model)) return this.#byWord(model, text);
		const ask = async () => {
			try {
				const split = await this.#splits.of(model, known());
				return [this.#line(model, split(text).pieces, token)];
			} catch (problem) {
				console.warn(problem); // then as without it
				return this.#byWord(model, text);
			}
		};
		const size = model.tokenizer?.bytes ?? 0;
		return size <= UNASKED ? ask() : [this.#offer(size, ask)];
	}

	/**
	 * A button that asks a tokenizer that is large to fetch.
	 * @param {number} size in bytes
	 * @param {() => Promise<Node[]>} ask
	 */
	#offer(size, ask) {
		const megabytes = this.#page.number(Math.ceil(size / 1e6));
		const said = fill(this.#page.words.offer, { n: megabytes });
		const onclick = async () => button.replaceWith(...(await ask()));
		const button = make("button", { type: "button", onclick }, said);
		return button;
	}

	/**
	 * @param {Model} model
	 * @param {string[]} pieces
	 * @param {boolean} token whether the text is a token
	 */
	#line(model, pieces, token) {
		const { words } = this.#page;
		const n = pieces.length;
		if (!n) return make("p", {}, words.nothing);
		const spelled = pieces.some((piece) => BYTE.test(piece));
		const told = token
			? [words.whole, words.other]
			: [words.single, spelled ? words.spelled : words.pieces];
		return splitLine(
			fill(told[n === 1 ? 0 : 1], { n }),
			pieces,
			model.language,
		);
	}

	/**
	 * The splits of a text's words, as far as they are known.
	 * @param {Model} model
	 * @param {string} text
	 */
	async #byWord(model, text) {
		const { words } = this.#page;
		const parts = partsOf(text).slice(0, PARTS);
		if (!model.tokenizer) return [make("p", {}, words.table)];
		if (parts.length < 2) return [make("p", {}, words.unasked)];
		const place = (await this.#answers.index()).models.indexOf(model);
		const answers = await Promise.all(
			parts.map((part) => this.#answers.of(part)),
		);
		const lines = parts.map((part, i) => {
			const pieces = splitOf(answers[i]?.[place] ?? null, part);
			return pieces
				? splitLine(`${cut(part)} →`, pieces, model.language)
				: make("p", {}, wordLink(part), ` → ${words.unsaid}`);
		});
		return [make("p", {}, words.apart), ...lines];
	}

	/**
	 * The words nearest to one that no model has: those that hold the most of its
	 * beginning.
	 * @param {string} text
	 */
	async #nearest(text) {
		const signs = Array.from(text).slice(0, 24);
		/** @type {Set<string>} */
		const found = new Set();
		const least = Math.min(2, signs.length);
		for (let end = signs.length; end >= least && found.size < NEAREST; end--) {
			const begun = signs.slice(0, end).join("");
			for (const [word] of await this.#suggestions.find(begun, NEAREST))
				found.add(word);
		}
		const { words } = this.#page;
		if (!found.size) return [];
		const list = make("ul", { class: "chips" });
		for (const word of [...found].slice(0, NEAREST)) {
			list.append(make("li", {}, wordLink(word)));
		}
		return [make("p", { class: "meta" }, words.nearest), list];
	}

	/**
	 * Which neighbors the models share.
	 * @param {Model[]} models
	 * @param {(Answer | null)[]} answers
	 * @param {string} key
	 */
	#sharing(models, answers, key) {
		const { words } = this.#page;
		const several = answers.filter((answer) => answer?.tokens).length > 1;
		if (!several) return [];
		const shared = sharedNeighbors(answers, key);
		const box = make(
			"section",
			{ class: "shared" },
			make("h2", {}, words.shared),
		);
		const list = make("ul", { class: "chips" });
		box.append(shared.length ? list : make("p", {}, words.unshared));
		for (const { text, models: places } of shared) {
			const names = places.map((at) => told(models[at].title)).join(" · ");
			const link = wordLink(text);
			link.title = names;
			const count =
				models.length > 2 ? make("small", {}, ` ${places.length}`) : null;
			list.append(make("li", {}, link, count));
		}
		return [box];
	}
}

/** Resolves when what is drawn has been shown. */
const shown = () =>
	new Promise((done) => {
		const after = () => requestAnimationFrame(() => setTimeout(done));
		requestAnimationFrame(after);
	});

/**
 * The word that an address asks for.
 * @param {string} search
 */
function askedIn(search) {
	const asked = new URLSearchParams(search).get("w") ?? "";
	return wordOf(asked.trim()) || asked;
}

/**
 * The words of a text and what stands between them, but for spaces.
 * @param {string} text
 * @returns {string[]}
 */
const partsOf = (text) =>
	text.match(/[\p{L}\p{N}\p{M}]+|[^\s\p{L}\p{N}\p{M}]/gu) ?? [];

/**
 * @param {string} text
 * @param {string} [lang]
 */
const headOf = (text, lang) =>
	make(
		"h1",
		{ tabindex: "-1", translate: "no", ...(lang && { lang }) },
		make("bdi", {}, cut(text, 120)),
	);

/** @param {string} said */
const trouble = (said) =>
	make("p", { class: "note trouble", role: "alert" }, said);

/**
 * The known pieces of a text; null where they are not.
 * @param {Answer | null} answer
 * @param {string} text
 */
function splitOf(answer, text) {
	if (!answer) return null;
	const form = answer.forms?.[text];
	if (form?.split) return form.split;
	const usual = (answer.form ?? keyOf(text)) === text;
	return usual ? (answer.split ?? null) : null;
}

/**
 * The switch that shows near-duplicates; nothing where there are none.
 * @param {(Answer | null)[]} answers
 * @param {Record<string, string>} words
 */
function switchOf(answers, words) {
	const tokens = answers.flatMap((answer) => answer?.tokens ?? []);
	const count = tokens
		.flatMap(({ text, spaces = [] }) =>
			spaces.map(({ near }) => twinsOf(text, near)),
		)
		.flat()
		.filter(Boolean).length;
	if (!count) return [];
	const box = make("input", { type: "checkbox", name: "twins" });
	box.addEventListener("change", () => {
		const shown = /** @type {HTMLInputElement} */ (box).checked;
		document.documentElement.toggleAttribute("data-twins", shown);
	});
	/** @type {HTMLInputElement} */ (box).checked =
		"twins" in document.documentElement.dataset;
	return [
		make(
			"label",
			{ class: "twins" },
			box,
			` ${fill(words.twins, { n: count })}`,
		),
	];
}
