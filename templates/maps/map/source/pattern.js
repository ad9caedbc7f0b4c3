// @ts-check
// Patterns that readers write in the search field.

/**
 * The texts that all hold that fit a pattern, the longest first.
 * @param {string} query
 */
export const piecesOf = (query) =>
	query
		.replace(/^\^/, "")
		.replace(/\$$/, "")
		.split("*")
		.filter(Boolean)
		.sort((a, b) => b.length - a.length);

/**
 * A test for texts: `^` stands for the beginning, `$` for the end, and `*` for
 * anything. It looks at each sign of a text about once. Null where the query has
 * none of these, or nothing else.
 * @param {string} query
 * @returns {((text: string) => boolean) | null}
 */
export function patternOf(query) {
	const first = query.startsWith("^");
	const last = query.length > 1 && query.endsWith("$");
	const parts = query.slice(Number(first), last ? -1 : undefined).split("*");
	if (!parts.some(Boolean)) return null;
	if (!first && !last && parts.length === 1) return null;
	const begin = first ? (parts.shift() ?? "") : "";
	const whole = first && last && !parts.length;
	const end = last ? (parts.pop() ?? "") : "";
	return (text) => {
		if (whole) return text === begin;
		const most = text.length - end.length;
		if (most < begin.length) return false;
		if (!text.startsWith(begin) || !text.endsWith(end)) return false;
		let at = begin.length;
		for (const part of parts) {
			const found = text.indexOf(part, at);
			if (found < 0 || found + part.length > most) return false;
			at = found + part.length;
		}
		return true;
	};
}
