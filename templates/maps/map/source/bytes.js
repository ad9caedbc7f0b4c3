// @ts-check
// Reading planes of bytes: the first bytes of all numbers, then the second of
// all, and so on. Numbers that are alike stand together so, and pack well.

/**
 * Fetches a file and unpacks its gzip. Throws where it does not come.
 * @param {string} url
 * @param {RequestInit} [options]
 */
export async function unpack(url, options) {
	const answer = await fetch(url, options);
	if (!answer.ok || !answer.body) throw new Error(`${url}: ${answer.status}`);
	const stream = answer.body.pipeThrough(new DecompressionStream("gzip"));
	return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * The number in place `i` of `n` that start at `offset`, of so many planes.
 * @param {Uint8Array} bytes
 * @param {number} offset
 * @param {number} planes
 * @param {number} n
 * @param {number} i
 */
export function number(bytes, offset, planes, n, i) {
	let value = 0;
	for (let k = planes - 1; k >= 0; k--) {
		value = value * 256 + bytes[offset + k * n + i];
	}
	return value;
}

/**
 * Unsigned numbers of two planes.
 * @param {Uint8Array} bytes
 * @param {number} offset
 * @param {number} n
 */
export function split16(bytes, offset, n) {
	const values = new Uint16Array(n);
	for (let i = 0; i < n; i++) {
		values[i] = bytes[offset + i] | (bytes[offset + n + i] << 8);
	}
	return values;
}

/**
 * The same, where each number is the difference from the one before it.
 * @param {Uint8Array} bytes
 * @param {number} offset
 * @param {number} n
 */
export function summed16(bytes, offset, n) {
	const values = new Uint16Array(n);
	let sum = 0;
	for (let i = 0; i < n; i++) {
		sum += bytes[offset + i] | (bytes[offset + n + i] << 8);
		values[i] = sum; // modulo 2^16
	}
	return values;
}

/**
 * Lines of text.
 * @param {Uint8Array} bytes
 */
export const lines = (bytes) => new TextDecoder().decode(bytes).split("\n");

/**
 * The first of the numbers from 0 to `n` that is not `before` what is sought;
 * those before it come first.
 * @param {number} n
 * @param {(i: number) => boolean} before
 */
export function firstNot(n, before) {
	let low = 0;
	let high = n;
	while (low < high) {
		const middle = (low + high) >> 1;
		if (before(middle)) low = middle + 1;
		else high = middle;
	}
	return low;
}
