// @ts-check
// The neighbors that several models share.
import { keyOf, wordOf } from "./forms.js";

/** @import { Answer } from "./answers.js" */

/** @typedef {{ text: string, models: number[] }} Shared */

/**
 * The words that are near in spaces of two models or more, those of most models
 * first. What is near is counted once a model, whatever its form.
 * @param {(Answer | null)[]} answers
 * @param {string} own the key of the word itself
 * @returns {Shared[]}
 */
export function sharedNeighbors(answers, own) {
	/** @type {Map<string, { text: string, models: Set<number> }>} */
	const found = new Map();
	for (const [model, answer] of answers.entries()) {
		const spaces = answer?.tokens?.flatMap((token) => token.spaces ?? []) ?? [];
		for (const [text] of spaces.flatMap((space) => space.near)) {
			const key = keyOf(text);
			if (key === own) continue;
			const entry = found.get(key) ?? { text: wordOf(text), models: new Set() };
			entry.models.add(model);
			found.set(key, entry);
		}
	}
	return [...found.values()]
		.filter(({ models }) => models.size > 1)
		.map(({ text, models }) => ({ text, models: [...models] }))
		.sort((a, b) => b.models.length - a.models.length);
}
