// @ts-check
// Numbers in few steps, for colours.

/** @typedef {{ plane: Uint8Array, names: [number, number][] }} Steps each point's step, and the first and last number of each step */

/**
 * Counts from 0 to `k` in steps that are finer where most tokens are.
 * @param {ArrayLike<number>} counts
 * @param {number} k
 * @returns {Steps}
 */
export function countSteps(counts, k) {
	const edges = [0, 1, 2, 3, 5, 7, 10].filter((edge) => edge <= k);
	const plane = Uint8Array.from(counts, (count) => {
		let step = 0;
		while (step + 1 < edges.length && edges[step + 1] <= count) step++;
		return step;
	});
	const last = (/** @type {number} */ i) =>
		i + 1 < edges.length ? edges[i + 1] - 1 : k;
	return { plane, names: edges.map((edge, i) => [edge, last(i)]) };
}

/**
 * The eighths of a vocabulary of `n` tokens by their places in it, from 1.
 * @param {number} n
 * @returns {[number, number][]}
 */
export const eighths = (n) =>
	Array.from({ length: 8 }, (_, i) => [
		Math.floor((i * n) / 8) + 1,
		Math.floor(((i + 1) * n) / 8),
	]);
