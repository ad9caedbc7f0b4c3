// @ts-check
// What a live map knows, and whom it tells of it.
import { need } from "../../assets/shared/dom.js";
import { readWords } from "./panel/words.js";

/** @import { Landmark } from "./meta" */
/** @import { Colouring } from "./colour/colouring.js" */
/** @import { Labels, Named } from "./labels/choose.js" */
/** @import { Hit } from "./labels/hit.js" */
/** @import { Layer } from "./scene/canvas.js" */
/** @import { Facts, Neighbor, Place, Source } from "./source/index.js" */
/** @import { Room } from "./view.js" */

/** @typedef {Neighbor & { text?: string, kept: boolean, at: Place }} SelectedNear */
/**
 * The chosen token; its facts, neighbors and groups come after the rest.
 * @typedef {{
 *   row: number,
 *   at: Place | null,
 *   text?: string,
 *   facts: Facts | null,
 *   near: SelectedNear[] | null,
 *   groups: string[] | null,
 * }} Selected
 */
/** @typedef {"choose" | "hover" | "move" | "paint" | "restore" | "select" | "stroke" | "view"} EventName */
/** @typedef {"kind" | "script" | "pos"} Property */

/** Pixels of a map with room beside it for its key and for links. */
export const WIDE = 1100;

export class State {
	/** @type {string} */ projection;
	colour = "cluster";
	/** @type {Set<number>} the keys that the legend leaves; empty for all */
	only = new Set();
	/** @type {Selected | null} */ selected = null;
	/** @type {(Named & { row: number }) | null} */ hovered = null;
	/** @type {Hit | null} what the pointer is on */ pointed = null;
	/** @type {number[] | null} */ picked = null;
	/** @type {Uint8Array | null} the loaded points that the legend leaves out */
	hidden = null;
	/** @type {Uint8Array | null} those, and the ones not picked */ faint = null;
	/** How many neighbors of a token are shown. */
	many = 10;
	/** @type {Labels | null} the labels on the screen */ found = null;
	/** @type {Colouring} */ colouring;
	/** @type {Layer[]} */ layers = [];
	/** @type {() => Promise<void>} draws by WebGL from now on */
	wake = async () => {};
	/** Counts changes of projection; 0 while none is under way. */
	gliding = 0;
	/** @type {Map<EventName, ((value: any) => void)[]>} */ #heard = new Map();
	/** @type {Intl.NumberFormat | undefined} */ #count;

	/**
	 * @param {HTMLElement} stage
	 * @param {Source} source
	 */
	constructor(stage, source) {
		this.stage = stage;
		this.source = source;
		this.meta = source.meta;
		this.words = readWords(stage);
		this.box = need(stage, ".canvas");
		this.embedded = document.body.classList.contains("embed");
		/** Whether the address is another map's. */
		this.quiet = stage.dataset.quiet !== undefined;
		this.projection = source.meta.main;
		const none = { plane: new Uint8Array(0), items: [], none: 0 };
		this.colouring = { name: this.colour, ...none };
	}

	/**
	 * @param {EventName} name
	 * @param {(value: any) => void} act
	 */
	on(name, act) {
		this.#heard.set(name, [...(this.#heard.get(name) ?? []), act]);
	}

	/**
	 * @param {EventName} name
	 * @param {unknown} value
	 */
	emit(name, value) {
		for (const act of this.#heard.get(name) ?? []) act(value);
	}

	/**
	 * What stands over the edges of a map of a width: links to landmarks above, and
	 * the open key of a wide one beside. The poster leaves the same room (map.css).
	 * @param {number} width
	 * @param {boolean} [open] whether the key is
	 * @returns {Room}
	 */
	room(width, open = this.keyed) {
		const links = this.stage.querySelector(".try");
		if (this.embedded) return { left: 0, right: 0, above: 0 };
		const above = links ? 44 : 0;
		if (width < WIDE) return { left: 0, right: 0, above };
		return { left: open ? 262 : 60, right: 40, above };
	}

	/** Whether the key is open, or will be once the points have been seen. */
	get keyed() {
		/** @type {HTMLDetailsElement} */
		const key = need(this.stage, ".legend");
		return Boolean(key.hidden) || key.open;
	}

	/** Writes a number as the page's language does. */
	number = (/** @type {number} */ value) => {
		this.#count ??= new Intl.NumberFormat(document.documentElement.lang);
		return this.#count.format(value);
	};

	/**
	 * Says something to readers who listen.
	 * @param {string} text
	 */
	say(text) {
		need(this.stage, ".said").textContent = text;
	}

	/** Tells that data did not come. */
	failed = (/** @type {unknown} */ problem) => {
		console.warn(problem);
		showTrouble(this.stage, this.words.fetch);
	};

	/** The loaded points of the projection that is shown. */
	points() {
		return this.source.points(this.projection);
	}

	/**
	 * The place of a row among the loaded points, -1 where its tile is not in use.
	 * @param {number} row
	 */
	index(row) {
		const { rows } = this.points();
		return rows ? rows.indexOf(row) : row;
	}

	/**
	 * A property of a loaded point, as data name it; undefined where it has none.
	 * @param {Property} what
	 * @param {number} i
	 * @returns {string | undefined}
	 */
	group(what, i) {
		return this.meta.groups[what][this.points().groups[what][i]];
	}

	/**
	 * The same in the page's language.
	 * @param {Property} what
	 * @param {number} i
	 */
	told(what, i) {
		const name = this.group(what, i);
		return name && (this.words[`${what}:${name}`] || name);
	}

	/**
	 * The name of a landmark in the page's language.
	 * @param {Landmark} landmark
	 */
	landmark({ name, title }) {
		const { lang } = document.documentElement;
		return title?.[lang] || title?.en || name;
	}
}

/**
 * @param {HTMLElement} stage
 * @param {string} message
 */
export function showTrouble(stage, message) {
	const note = need(stage, ".trouble");
	note.textContent = message;
	note.hidden = false;
}
