// @ts-check
// Handing text and files to the reader.
import { make } from "../../../assets/shared/dom.js";

/**
 * Copies a text; resolves to whether it came into the clipboard. In a modal
 * dialog only what stands within it can be selected, so the help for the old way
 * of copying stands in `place`.
 * @param {string} text
 * @param {HTMLElement} [place]
 */
export async function copy(text, place = document.body) {
	try {
		await navigator.clipboard.writeText(text);
		return true;
	} catch {
		// refused in most frames
	}
	const area = /** @type {HTMLTextAreaElement} */ (
		make("textarea", { class: "unseen", "aria-hidden": "true" })
	);
	area.value = text;
	place.append(area);
	area.select();
	const copied = document.execCommand("copy");
	area.remove();
	return copied;
}

/**
 * Copies a picture; resolves to whether it came into the clipboard. It may still
 * be in the making, since a clipboard is open for a moment after a click.
 * @param {Promise<Blob>} picture
 */
export async function copyPicture(picture) {
	try {
		await navigator.clipboard.write([
			new ClipboardItem({ "image/png": picture }),
		]);
		return true;
	} catch (problem) {
		console.info("not copied:", problem);
		return false;
	}
}

/**
 * Texts as a table of atlas.toml, which pins them on maps. A string of JSON is
 * one of TOML but for the sign DEL.
 * @param {string} name
 * @param {(string | undefined)[]} texts
 */
export function landmarkTable(name, texts) {
	const words = [...new Set(texts.filter(Boolean))].map((text) =>
		JSON.stringify(text).replaceAll("\x7f", "\\u007f"),
	);
	const tokens = words.map((word) => `\t${word},\n`).join("");
	return `[[landmarks]]\nname = "${name}"\ntokens = [\n${tokens}]\n`;
}

/**
 * Saves a file.
 * @param {Blob} blob
 * @param {string} name
 */
export function save(blob, name) {
	const href = URL.createObjectURL(blob);
	const link = make("a", { href, download: name });
	document.body.append(link);
	link.click();
	link.remove();
	setTimeout(() => URL.revokeObjectURL(href), 10000);
}
