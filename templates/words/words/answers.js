// @ts-check
// The answers of all models to a word, from the files that the site publishes.
import { boundOf, fetched, fileOf } from "./files.js";
import { keyOf } from "./forms.js";

/** @import { Text } from "./suggestions.js" */

/** @typedef {{ map: string, space: string, title: Text, href: string, poster: string, k: number }} Space */
/** @typedef {{ file: string | null, bytes?: number, known: "words" | "any" }} Tokenizer */
/** @typedef {{ id: string, title: Text, language: string, spaces: Space[], tokenizer: Tokenizer | null }} Model */
/** @typedef {{ models: Model[], shards: string[] }} Index */
/** @typedef {[text: string, similarity: number]} Near */
/**
 * What a space says of a token: the number of the space, its neighbors, its
 * cluster, how many neighbors the map keeps, and its place on the poster.
 * @typedef {{ space: number, near: Near[], cluster?: { title: string | Record<string, string>, href: string }, kept: number, at?: [number, number] }} Told
 */
/** @typedef {{ id: number, text: string, kind: string, rank: number, pos?: string, reading?: string, spaces?: Told[] }} Token */
/** @typedef {{ split?: string[], ids?: number[] }} Split */
/** @typedef {Split & { tokens?: Token[], form?: string, forms?: Record<string, Split> }} Answer */

/** @param {Token} token */
const spacesOf = (token) => token.spaces ?? [];

export class Answers {
	/** @type {ReturnType<typeof fetched>} */ #file;

	/** @param {string} base the folder of the files */
	constructor(base) {
		this.#file = fetched(base);
	}

	/** @returns {Promise<Index>} */
	index() {
		return this.#file("index.json");
	}

	/**
	 * All words of the file that would hold a word, by key.
	 * @param {string} text
	 * @returns {Promise<Record<string, (Answer | null)[]>>}
	 */
	async around(text) {
		const { shards } = await this.index();
		const { words, clusters } = await this.#file(
			fileOf(boundOf(shards, keyOf(text)) ?? ""),
		);
		for (const answer of Object.values(words).flat()) {
			for (const told of (answer?.tokens ?? []).flatMap(spacesOf)) {
				if (typeof told.cluster === "number") {
					told.cluster = clusters[told.cluster];
				}
			}
		}
		return words;
	}

	/**
	 * The answer of each model to a word; null where no model has it as a token
	 * and none was asked.
	 * @param {string} text
	 * @returns {Promise<(Answer | null)[] | null>}
	 */
	async of(text) {
		const words = await this.around(text);
		const key = keyOf(text);
		return Object.hasOwn(words, key) ? words[key] : null;
	}
}
