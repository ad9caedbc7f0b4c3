// @ts-check
// The share dialog: what it offers is made when it opens, from what the reader
// sees then.
import { need } from "../../assets/shared/dom.js";
import { copy, copyPicture, save } from "./panel/hand_over.js";
import { penOf, SNIPPETS } from "./share/places.js";

/** @import { LiveMap } from "./live.js" */

/** @param {string} [address] */
const full = (address = "") => new URL(address, location.href).href;

class Share {
	/** @type {LiveMap} */ #map;
	/** @type {HTMLDialogElement} */ #dialog;
	/** @type {HTMLSelectElement} */ #place;
	/** @type {HTMLSelectElement} */ #height;
	/** @type {boolean} whether pictures can be saved, and forms sent */ #free;
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
		this.#place = need(dialog, "select[name=place]");
		this.#height = need(dialog, "select[name=height]");
		this.#done = need(dialog, ".done");
		this.#cite = this.#part("cite").value;
		this.#line = this.#part("text").value;
		// A sandbox drops what one saves or sends, and tells nobody.
		this.#free = self.origin !== "null";
		need(dialog, ".saves").hidden = !this.#free;
		need(dialog, "[data-act=picture]").hidden = !window.ClipboardItem;
		if (!this.#free) {
			for (const name of ["zenn", "qiita"])
				this.#place.querySelector(`[value=${name}]`)?.remove();
		}
		button.addEventListener("click", async () => {
			await map.noted();
			this.#fill();
			dialog.showModal();
		});
		for (const choice of [this.#place, this.#height])
			choice.addEventListener("change", () => this.#fill());
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
		const dialog = this.#dialog;
		const { embed, card, title = "", name = "" } = dialog.dataset;
		const { mark = "", page, stays, models = "" } = dialog.dataset;
		const here = this.#map.link();
		const hash = here.includes("#") ? here.slice(here.indexOf("#")) : "";
		const link = page ? full(page) + hash : here; // from a frame, to the whole page
		const place = this.#place.value;
		const seen = {
			title,
			link,
			embed: full(embed) + hash,
			picture: this.#free ? `${name}.png` : full(card),
			height: this.#height.value,
			models: models.split(" ").filter(Boolean),
		};
		this.#part("link").value = link;
		this.#part("frame").value = SNIPPETS[place](seen);
		/** @type {NodeListOf<HTMLElement>} */
		const ways = dialog.querySelectorAll("[data-place]");
		for (const way of ways)
			way.hidden = !way.dataset.place?.split(" ").includes(place);
		/** @type {HTMLInputElement} */ (need(dialog, "input[name=data]")).value =
			penOf(seen);
		this.#part("cite").value = this.#cite.replaceAll(mark, full(stays));
		this.#part("text").value = this.#line.replaceAll(mark, full(stays));
		this.#done.textContent = "";
	}

	/** @param {MouseEvent} event */
	async #click({ target }) {
		if (target === this.#dialog) return this.#dialog.close();
		if (!(target instanceof HTMLElement)) return;
		const done = this.#done;
		const { copy: what, save: format, act } = target.dataset;
		if (what) {
			/** @type {HTMLInputElement | HTMLTextAreaElement} */
			const field = need(this.#dialog, `#${what}`);
			const copied = await copy(field.value, this.#dialog);
			field.focus();
			field.select();
			const { copied: yes = "", selected: no = "" } = done.dataset;
			done.textContent = copied ? yes : no;
		}
		if (act) {
			const copied = await copyPicture(this.#map.image("png"));
			const { copied: yes = "", kept: no = "" } = done.dataset;
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
