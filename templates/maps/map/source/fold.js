// @ts-check

/**
 * Text as it is searched: without case, width and the difference between the
 * two kana. The index of large maps is folded alike when it is made.
 * @param {string} text
 */
export const fold = (text) =>
	text
		.normalize("NFKC")
		.toLowerCase()
		.replace(/[\u30a1-\u30f6]/g, (kana) =>
			String.fromCharCode(kana.charCodeAt(0) - 96),
		);
