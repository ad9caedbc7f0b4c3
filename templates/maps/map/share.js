// @ts-check
// The share dialog: what it offers is made when it opens, from what the reader
// sees then.
import { escaped, need } from "../../assets/shared/dom.js";
import { copy, save } from "./panel/hand_over.js";

/** @import { LiveMap } from "./live.js" */

/**
 * Text as Markdown shows it.
 * @param {string} text
 */
const plain = (text) => text.replace(/[[\]\\]/g, "\\$&");

/** @param {string} [address] */
const full = (address = "") => new URL(address, location.href).href;

class Share {
	/** @type {LiveMap} */ #map;
	/** @type {HTMLDialogElement} */ #dialog;
	/** @type {HTMLSelectElement} */ #height;
	/** @type {HTMLElement} */ #done;
	/** @type {string} how to cite it, with a mark for the address */ #cite;
	/** @type {string} a line of text, likewise */ #line;

	/**
	 * @param {LiveMap} map
	 * @param {HTMLButtonElement} button
	 * @param {HTMLDialogElement} dialog
	 */
	constructor(map, button, dialog) {
		this.#map = map;
		this.#dialog = dialog;
		this.#height = need(dialog, "select[name=height]");
		this.#done = need(dialog, ".done");
		this.#cite = this.#part("cite").value;
		this.#line = this.#part("text").value;
		// A sandbox without allow-downloads drops what one saves, and tells nobody.
		if (self.origin === "null") need(dialog, ".saves").hidden = true;
		button.addEventListener("click", async () => {
			await map.noted();
			this.#fill();
			dialog.showModal();
		});
		this.#height.addEventListener("change", () => this.#fill());
		dialog.addEventListener("click", (event) => this.#click(event));
	}

	/**
	 * @param {string} name
	 * @returns {HTMLInputElement | HTMLTextAreaElement}
	 */
	#part(name) {
		return need(this.#dialog, `[data-what=${name}]`);
	}

	#fill() {
		const {
			embed,
			card,
			title = "",
			mark = "",
			page,
			stays,
		} = this.#dialog.dataset;
		const seen = this.#map.link();
		const hash = seen.includes("#") ? seen.slice(seen.indexOf("#")) : "";
		const link = page ? full(page) + hash : seen; // from a frame, to the whole page
		const frame = escaped(full(embed) + hash);
		this.#part("link").value = link;
		this.#part("frame").value =
			`<iframe src="${frame}" title="${escaped(title)}" width="100%" height="${this.#height.value}" loading="lazy" allow="fullscreen" referrerpolicy="strict-origin-when-cross-origin" style="border:0"></iframe>`;
		this.#part("markdown").value =
			`[![${plain(title)}](${full(card)})](${link})\n[${plain(title)}](${link})`;
		this.#part("cite").value = this.#cite.replaceAll(mark, full(stays));
		this.#part("text").value = this.#line.replaceAll(mark, full(stays));
		this.#done.textContent = "";
	}

	/** @param {MouseEvent} event */
	async #click({ target }) {
		if (target === this.#dialog) return this.#dialog.close();
		if (!(target instanceof HTMLElement)) return;
		const done = this.#done;
		const { copy: what, save: format } = target.dataset;
		if (what) {
			/** @type {HTMLInputElement | HTMLTextAreaElement} */
			const field = need(this.#dialog, `#${what}`);
			const copied = await copy(field.value, this.#dialog);
			field.focus();
			field.select();
			const { copied: yes = "", selected: no = "" } = done.dataset;
			done.textContent = copied ? yes : no;
		}
		if (format) {
			const { name } = this.#dialog.dataset;
			save(await this.#map.image(format), `${name}.${format}`);
			done.textContent = done.dataset.saved ?? "";
		}
	}
}

/** @param {LiveMap} map */
export function offerShare(map) {
	/** @type {HTMLButtonElement | null} */
	const button = map.stage.querySelector("button[name=share]");
	/** @type {HTMLDialogElement | null} */
	const dialog = document.querySelector("dialog.share");
	if (button && dialog) new Share(map, button, dialog);
}
