// @ts-check
// The files about words. Each holds the words from a bound on, up to the next
// file's, and is named after its bound.

/**
 * Fetches JSON. Throws where there is none.
 * @param {string} url
 * @returns {Promise<any>}
 */
export async function get(url) {
	const answer = await fetch(url);
	if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
	return answer.json();
}

/**
 * Files that are fetched once. A request that fails is made again.
 * @param {string} base
 */
export function fetched(base) {
	/** @type {Map<string, Promise<any>>} */
	const files = new Map();
	return (/** @type {string} */ name) => {
		const there = files.get(name);
		if (there) return there;
		const asked = get(base + name);
		files.set(name, asked);
		asked.catch(() => files.delete(name));
		return asked;
	};
}

/**
 * A text's bytes in UTF-8, in hexadecimal. Strings of these are in the order of
 * code points, as bounds are; JavaScript orders texts by their UTF-16 units.
 * @param {string} text
 */
export const hex = (text) =>
	Array.from(new TextEncoder().encode(text), (byte) =>
		byte.toString(16).padStart(2, "0"),
	).join("");

/**
 * The last of some ascending bounds that is not after a text.
 * @param {string[]} bounds
 * @param {string} text
 * @returns {string | undefined}
 */
export function boundOf(bounds, text) {
	const wanted = hex(text);
	let [low, high] = [0, bounds.length];
	while (low < high) {
		const middle = (low + high) >> 1;
		if (hex(bounds[middle]) <= wanted) low = middle + 1;
		else high = middle;
	}
	return bounds[low - 1];
}

/**
 * The name of a bound's file.
 * @param {string} bound
 */
export const fileOf = (bound) => `${hex(bound) || "_"}.json`;
