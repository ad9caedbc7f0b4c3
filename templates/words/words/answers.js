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

/**
 * A token as files hold it: what the spaces say is in columns, neighbors and
 * clusters are places in the file, fractions are in thousandths.
 * @typedef {{ id: number, text: string, kind: string, pos?: string, reading?: string, spaces?: number[], near: number[][], cosine: number[][], kept: number[], cluster: (number | null)[], at: ([number, number] | null)[] }} PackedToken
 */
/** @typedef {Omit<Answer, "tokens"> & { tokens?: PackedToken[] }} PackedAnswer */
/** @typedef {{ texts: string[], clusters: [title: string | Record<string, string>, href: string][], words: Record<string, (PackedAnswer | null)[]> }} File */

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
	 * The file that would hold a word: all words from a bound on, by key.
	 * @param {string} text
	 * @returns {Promise<File>}
	 */
	async around(text) {
		const { shards } = await this.index();
		return this.#file(fileOf(boundOf(shards, keyOf(text)) ?? ""));
	}

	/**
	 * The answer of each model to a word; null where no model has it as a token
	 * and none was asked.
	 * @param {string} text
	 * @returns {Promise<(Answer | null)[] | null>}
	 */
	async of(text) {
		const { models } = await this.index();
		const file = await this.around(text);
		const key = keyOf(text);
		if (!Object.hasOwn(file.words, key)) return null;
		return file.words[key].map(
			(answer, i) => answer && unpacked(answer, file, models[i]),
		);
	}
}

/**
 * The answer of a model.
 * @param {PackedAnswer} answer
 * @param {File} file that holds it
 * @param {Model} model
 * @returns {Answer}
 */
export function unpacked({ tokens, ...answer }, file, model) {
	if (!tokens) return answer;
	const whole = tokens.find(({ id }) => id === answer.ids?.[0]);
	return {
		...answer,
		split: answer.split ?? (answer.ids && whole && [whole.text]),
		tokens: tokens.map((token) => tokenOf(token, file, model)),
	};
}

/**
 * @param {PackedToken} token
 * @param {File} file
 * @param {Model} model
 * @returns {Token}
 */
function tokenOf(token, { texts, clusters }, model) {
	const { id, text, kind, pos, reading, near, cosine } = token;
	const spaces = token.spaces?.map((space, i) => {
		const [title, below] = clusters[token.cluster[i] ?? -1] ?? [];
		const href = `${model.spaces[space].href}clusters/${below}`;
		const [x, y] = token.at[i] ?? [];
		/** @type {(place: number, j: number) => Near} */
		const told = (place, j) => [texts[place], cosine[i][j] / 1000];
		return {
			space,
			near: near[i].map(told),
			kept: token.kept[i],
			...(title !== undefined && { cluster: { title, href } }),
			...(x !== undefined &&
				y !== undefined && {
					at: /** @type {[number, number]} */ ([x / 1000, y / 1000]),
				}),
		};
	});
	const read = { ...(pos && { pos }), ...(reading && { reading }) };
	return { id, text, kind, rank: id + 1, ...read, ...(spaces && { spaces }) };
}
