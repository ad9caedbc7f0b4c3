// @ts-check
// The neighbors of the chosen token on either map, beside each other: kept, lost
// and gained. Until one is chosen, the page's own example stands there.
import { cut, make, need } from "../../assets/shared/dom.js";
import { fill, readWords } from "../../maps/map/panel/words.js";

/** @import { LiveMap } from "../../maps/map/live.js" */
/** @import { SelectedNear } from "../../maps/map/state.js" */
/**
 * What finds a row of one map on the other: -1 where it is not there.
 * @typedef {(side: number, row: number | null) => Promise<number>} Across
 */
/** @typedef {"kept" | "lost" | "gained" | "absent"} Mark */

export class Beside {
	/** How often it was asked: only the last answer is shown. */
	#asked = 0;

	/**
	 * @param {LiveMap[]} maps
	 * @param {Across} across
	 * @param {HTMLElement} box
	 */
	constructor(maps, across, box) {
		this.maps = maps;
		this.across = across;
		this.box = box;
		this.words = readWords(box);
		/** @type {Record<string, string>} */
		this.signs = {};
		const template = /** @type {HTMLTemplateElement} */ (need(box, "template"));
		for (const node of template.content.querySelectorAll("[data-sign]")) {
			const { name = "", sign = "" } = /** @type {HTMLElement} */ (node)
				.dataset;
			this.signs[name] = sign;
		}
		need(box, ".ask").hidden = false;
	}

	/** Shows what is chosen now. */
	async show() {
		const asked = ++this.#asked;
		const near = this.maps.map((map) => map.selected?.near ?? null);
		const text = this.maps.map((map) => map.selected?.text).find(Boolean);
		if (text === undefined) return;
		// One that is chosen, but whose neighbors are not there yet, has lost none.
		if (this.maps.some((map) => map.selected && !map.selected.near)) return;
		const marks = await Promise.all(
			[0, 1].map((side) => this.#marks(side, near)),
		);
		if (asked !== this.#asked) return;
		need(this.box, ".word").textContent = cut(text);
		const count = (/** @type {Mark} */ mark) =>
			marks.flat().filter((other) => other === mark).length;
		need(this.box, ".count").textContent = fill(this.words.count, {
			kept: marks[0].filter((mark) => mark === "kept").length,
			lost: count("lost"),
			gained: count("gained"),
		});
		const lists = this.box.querySelectorAll("ol");
		for (const side of [0, 1]) {
			const others = near[side];
			lists[side].replaceChildren(
				...(others
					? others.map((other, i) => this.#item(side, other, marks[side][i]))
					: [make("li", { class: "none" }, this.words.missing)]),
			);
		}
	}

	/**
	 * @param {number} side
	 * @param {(SelectedNear[] | null)[]} near
	 * @returns {Promise<Mark[]>}
	 */
	async #marks(side, near) {
		const there = new Set((near[1 - side] ?? []).map((other) => other.row));
		return Promise.all(
			(near[side] ?? []).map(async ({ row }) => {
				const other = await this.across(side, row);
				if (other < 0) return "absent";
				if (there.has(other)) return "kept";
				return side ? "gained" : "lost";
			}),
		);
	}

	/**
	 * @param {number} side
	 * @param {SelectedNear} near
	 * @param {Mark} mark
	 */
	#item(side, { row, text }, mark) {
		const act = { onclick: () => this.maps[side].select(row, true) };
		const said = { class: "unseen", lang: document.documentElement.lang };
		return make(
			"li",
			{ class: mark },
			make("span", { class: "sign", "aria-hidden": "true" }, this.signs[mark]),
			make(
				"button",
				{ type: "button", ...act },
				make("bdi", {}, cut(text ?? "…")),
			),
			make("span", said, ` (${this.words[mark]})`),
		);
	}
}
