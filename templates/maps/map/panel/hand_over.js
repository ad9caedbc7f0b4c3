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
