// @ts-check
// Bytes of texts.

/**
 * Bytes as text, those that are no UTF-8 by their numbers.
 * @param {number[]} raw
 */
export function decoded(raw) {
	const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
	let text = "";
	for (let at = 0; at < raw.length; ) {
		const part = [1, 2, 3, 4].find((length) => {
			try {
				decoder.decode(Uint8Array.from(raw.slice(at, at + length)));
				return at + length <= raw.length;
			} catch {
				return false;
			}
		});
		const own = raw.slice(at, at + (part ?? 1));
		text += part
			? decoder.decode(Uint8Array.from(own))
			: `<0x${own[0].toString(16).toUpperCase().padStart(2, "0")}>`;
		at += own.length;
	}
	return text;
}
