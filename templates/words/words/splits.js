// @ts-check
// Splits of any text by a model's own tokenizer, in the browser. The library
// and what is told of the tokenizer are fetched when a text asks for them, and
// believed only where they give the splits that the build knows.
import { decoded } from "../../assets/shared/utf8.js";
import { fetched } from "./files.js";

/** @import { Answer, Model } from "./answers.js" */
/** @typedef {Pick<Answer, "form" | "forms" | "ids">} Known */

/** @typedef {{ pieces: string[], ids: number[] }} Pieces */
/** @typedef {(text: string) => Pieces} Splitter */
/** @typedef {HTMLScriptElement & { loaded?: Promise<unknown> }} Library */

export class Splits {
	/** @type {ReturnType<typeof fetched>} */ #file;
	#library;
	/** @type {Map<string, Promise<Splitter>>} */ #splitters = new Map();

	/**
	 * @param {string} root of the site
	 * @param {string} library the address of the script; empty where there is none
	 */
	constructor(root, library) {
		this.#file = fetched(root);
		this.#library = library;
	}

	/**
	 * Whether a model's tokenizer may be asked here.
	 * @param {Model} model
	 */
	offered(model) {
		return Boolean(this.#library && model.tokenizer?.file);
	}

	/**
	 * A model's tokenizer. Throws where it does not load, or gives another split
	 * than the build did.
	 * @param {Model} model one whose tokenizer is offered
	 * @param {[text: string, ids: number[]][]} known
	 * @returns {Promise<Splitter>}
	 */
	async of(model, known) {
		const name = model.tokenizer?.file ?? "";
		let made = this.#splitters.get(name);
		if (!made) {
			made = this.#make(name);
			this.#splitters.set(name, made);
			made.catch(() => this.#splitters.delete(name));
		}
		const split = await made;
		for (const [text, ids] of known) {
			const own = split(text).ids;
			if (own.length !== ids.length || own.some((id, i) => id !== ids[i])) {
				throw new Error(`${name} splits ${text} as ${own}, not as ${ids}`);
			}
		}
		return split;
	}

	/**
	 * @param {string} name
	 * @returns {Promise<Splitter>}
	 */
	async #make(name) {
		const [file] = await Promise.all([this.#file(name), load(this.#library)]);
		const tokenizer = new Tokenizers.Tokenizer(file.tokenizer, {});
		const shown = READERS[file.family] ?? plain;
		return (text) => {
			const options = { add_special_tokens: false };
			const { ids, tokens } = tokenizer.encode(text, options);
			return { ids, pieces: tokens.map(shown) };
		};
	}
}

/**
 * The splits that the build knows of a model, among the words of a file.
 * @param {Record<string, (Known | null)[]>} words
 * @param {number} model
 * @returns {[text: string, ids: number[]][]}
 */
export function knownOf(words, model) {
	/** @type {[string, number[]][]} */
	const known = [];
	for (const [key, answers] of Object.entries(words)) {
		const answer = answers[model];
		if (answer?.ids) known.push([answer.form ?? key, answer.ids]);
		for (const [form, { ids }] of Object.entries(answer?.forms ?? {})) {
			if (ids) known.push([form, ids]);
		}
	}
	return known.filter(([, ids]) => !ids.includes(-1)); // pieces without an id
}

/**
 * Loads the library once a page.
 * @param {string} url
 */
function load(url) {
	/** @type {Library | null} */
	const there = document.querySelector("script.tokenizers");
	if (there?.loaded) return there.loaded;
	/** @type {Library} */
	const script = document.createElement("script");
	script.className = "tokenizers";
	script.loaded = new Promise((done, failed) => {
		script.addEventListener("load", done);
		script.addEventListener("error", () => {
			script.remove();
			failed(new Error(`${url} did not load`));
		});
	});
	script.src = url;
	document.head.append(script);
	return script.loaded;
}

/** @param {string} token */
const plain = (token) =>
	token
		.replace(/ /g, "␣")
		.replace(/\n/g, "⏎")
		.replace(/\r/g, "␍")
		.replace(/\t/g, "⇥");

/** @type {Record<string, (token: string) => string>} tokens as a person reads them, by family */
export const READERS = {
	"byte-level-bpe": bytelevel,
	sentencepiece: (token) => plain(token.replaceAll("▁", "␣")),
};

/** @type {Map<string, number> | undefined} GPT-2's printable stand-ins for bytes */
let bytes;

/** @param {string} token */
function bytelevel(token) {
	if (!bytes) {
		const kept = (/** @type {number} */ value) =>
			(value > 0x20 && value < 0x7f) ||
			(value > 0xa0 && value !== 0xad && value < 0x100);
		bytes = new Map();
		for (let value = 0, spare = 256; value < 256; value++) {
			bytes.set(String.fromCharCode(kept(value) ? value : spare++), value);
		}
	}
	/** @type {number[]} */
	const raw = [];
	for (const sign of token) {
		const value = bytes.get(sign);
		if (value === undefined) return plain(token); // an added token
		raw.push(value);
	}
	return plain(decoded(raw));
}
