// @ts-check
// Choosing tokens with a lasso (drag), or a box (Shift and drag).
import { above, need } from "../../../assets/shared/dom.js";
import { rowsWithin } from "./inside.js";

/** @import { LiveMap } from "../live.js" */
/** @import { Spot } from "./inside.js" */

/** Where Escape is another's. */
const TYPING = "input, select, textarea, dialog";

export class Lasso {
	/** Whether a drag is the lasso's and not the camera's. */
	holding = false;
	/** @type {Spot[] | null} */ path = null;
	/** @type {{ path: Spot[], projection: string } | null} what was chosen last */
	kept = null;
	/** @type {LiveMap} */ #map;
	/** @type {HTMLButtonElement | null} */ #button;
	#on = false;
	#boxed = false;

	/** @param {LiveMap} map */
	constructor(map) {
		this.#map = map;
		this.#button = map.stage.querySelector("button[name=lasso]");
	}

	/** Listens; to be called after the camera's hands listen, which go first. */
	listen() {
		const { box } = this.#map;
		this.#button?.addEventListener("click", () => {
			this.#set(!this.#on);
			if (this.#on) this.#map.say(this.#map.words.lassoing);
		});
		box.addEventListener("pointermove", (event) => this.#move(event));
		box.addEventListener("pointerup", () => this.#end(true));
		box.addEventListener("pointercancel", () => this.#end(false));
		const key = (/** @type {KeyboardEvent} */ event) => this.#key(event);
		document.addEventListener("keydown", key, true);
	}

	/**
	 * Escape leaves the mode wherever the focus is; then it gives up what was chosen.
	 * @param {KeyboardEvent} event
	 */
	#key(event) {
		if (event.key !== "Escape" || event.isComposing) return;
		const map = this.#map;
		if (this.#on || this.path) {
			this.path = null; // the hand may still hold
			this.#set(false);
			map.draw();
		} else if (map.picked && !map.selected && !above(event, TYPING)) {
			map.choose(null);
		} else return;
		event.stopPropagation();
	}

	/** @param {boolean} on */
	#set(on) {
		this.#on = on;
		this.#button?.setAttribute("aria-pressed", String(on));
		this.#map.box.classList.toggle("choosing", on);
		need(this.#map.stage, ".mode").hidden = !on;
	}

	/** @param {MouseEvent} event */
	#spot(event) {
		const { camera } = this.#map;
		return camera.spot(camera.place(event));
	}

	/**
	 * Tells whether a drag that begins is the lasso's.
	 * @param {PointerEvent} event
	 */
	takes(event) {
		const boxed = event.shiftKey && event.pointerType === "mouse";
		if (!this.#on && !boxed) return false;
		this.holding = true;
		this.#boxed = event.shiftKey;
		this.path = [this.#spot(event)];
		this.#map.box.setPointerCapture(event.pointerId);
		return true;
	}

	/** @param {PointerEvent} event */
	#move(event) {
		if (!this.path) return;
		const at = this.#spot(event);
		if (this.#boxed) {
			const [from] = this.path;
			this.path = [from, { x: at.x, y: from.y }, at, { x: from.x, y: at.y }];
		} else this.path.push(at);
		this.#map.draw();
	}

	/** @param {boolean} meant whether the drag ended as meant */
	#end(meant) {
		const { path } = this;
		this.holding = false;
		if (!path) return;
		this.path = null;
		const map = this.#map;
		if (meant && path.length > 2) {
			map.choose(rowsWithin(map.points(), path, map.hidden, this.#boxed));
			this.kept = { path, projection: map.projection };
			this.#set(false);
		}
		map.draw();
	}
}
