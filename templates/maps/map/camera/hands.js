// @ts-check
// How hands move a camera: drag, wheel, pinch, taps. Where the map is *shy*,
// wheel and fingers belong to the page around it until the reader clicks into
// it, or holds Ctrl. Elsewhere one finger scrolls the page and two move the map,
// but on the full screen, where there is no page to scroll.
import { above } from "../../../assets/shared/dom.js";

/** @import { Camera, Pixel } from "./camera.js" */

/** What may take over drags of one finger: the lasso. */
/** @typedef {{ takes: (event: PointerEvent) => boolean, holding: boolean }} Holder */

const STROKE = 16; // pixels that a finger moves at least when it does not tap

export class Hands {
	/** @type {Camera} */ #camera;
	/** @type {HTMLElement} */ #box;
	/** @type {boolean} */ #shy;
	/** @type {Holder} */ #holder;
	/** @type {Map<number, Pixel>} */ #fingers = new Map();
	/** @type {{ gap: number, middle: Pixel } | null} */ #pinch = null;
	/** @type {() => void} */ #stroked;
	/** @type {Pixel} */ #from = [0, 0];
	#awake = false;
	#moved = 0;
	#last = { time: 0, x: 0, y: 0 };

	/**
	 * @param {Camera} camera
	 * @param {boolean} shy
	 * @param {Holder} holder
	 * @param {() => void} stroked called where one finger cannot move the map
	 */
	constructor(camera, shy, holder, stroked) {
		const { box } = camera;
		this.#camera = camera;
		this.#box = box;
		this.#shy = shy;
		this.#holder = holder;
		this.#stroked = stroked;
		this.#wake(false);
		if (shy) {
			document.addEventListener("pointerdown", ({ target }) => {
				if (target instanceof Node && !box.contains(target)) this.#wake(false);
			});
		}
		const wheel = (/** @type {WheelEvent} */ event) => this.#wheel(event);
		box.addEventListener("wheel", wheel, { passive: false });
		box.addEventListener("pointerdown", (event) => this.#down(event));
		box.addEventListener("pointermove", (event) => this.#move(event));
		box.addEventListener("pointerup", (event) => this.#lift(event));
		box.addEventListener("pointercancel", (event) => this.#lift(event));
		const touch = (/** @type {TouchEvent} */ event) => this.#touch(event);
		box.addEventListener("touchstart", touch, { passive: false });
		box.addEventListener("touchmove", touch, { passive: false });
		document.addEventListener("fullscreenchange", () => this.#wake(false));
	}

	/** @param {boolean} on */
	#wake(on) {
		this.#awake = on || !this.#shy;
		this.#box.classList.toggle("awake", this.#awake);
	}

	/** Tells whether a single finger is the map's and not the page's. */
	#own() {
		return document.fullscreenElement !== null || (this.#shy && this.#awake);
	}

	/**
	 * Keeps two fingers from the page; one that strokes the map is told of it.
	 * @param {TouchEvent} event
	 */
	#touch(event) {
		const two = event.touches.length > 1;
		if (two && event.cancelable) event.preventDefault();
		if (two || this.#shy || this.#own() || this.#holder.holding) return;
		const [{ clientX: x, clientY: y }] = event.touches;
		if (event.type === "touchstart") this.#from = [x, y];
		else if (Math.hypot(x - this.#from[0], y - this.#from[1]) > STROKE) {
			this.#stroked();
		}
	}

	/** @param {WheelEvent} event */
	#wheel(event) {
		if (!this.#awake && !event.ctrlKey) return;
		event.preventDefault();
		const line = [1, 16, 400][event.deltaMode] ?? 1;
		const pixels = Math.max(-240, Math.min(240, event.deltaY * line));
		const rate = event.ctrlKey ? 0.008 : 0.0028;
		const camera = this.#camera;
		camera.set(camera.zoomed(2 ** (pixels * rate), camera.place(event)));
	}

	#spread() {
		const [a, b] = [...this.#fingers.values()];
		/** @type {Pixel} */
		const middle = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
		return { gap: Math.hypot(a[0] - b[0], a[1] - b[1]), middle };
	}

	/**
	 * Tells whether a pointer may drag the map.
	 * @param {PointerEvent} event
	 */
	#may(event) {
		return event.pointerType === "mouse" || this.#own();
	}

	/** @param {PointerEvent} event */
	#down(event) {
		if (event.button || above(event, "button, a, input, select")) return;
		this.#camera.stop();
		this.#fingers.set(event.pointerId, this.#camera.place(event));
		if (this.#holder.takes(event)) return;
		if (this.#fingers.size === 1) this.#moved = 0;
		this.#pinch = this.#fingers.size === 2 ? this.#spread() : null;
		if (!this.#may(event)) return;
		try {
			this.#box.setPointerCapture(event.pointerId);
		} catch {
			// a pointer that is gone
		}
	}

	/** @param {PointerEvent} event */
	#move(event) {
		const before = this.#fingers.get(event.pointerId);
		if (!before || this.#holder.holding) return;
		const now = this.#camera.place(event);
		this.#moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
		this.#fingers.set(event.pointerId, now);
		if (this.#pinch && this.#fingers.size === 2) this.#zoom(this.#pinch);
		else if (this.#fingers.size === 1 && this.#moved > 4 && this.#may(event)) {
			this.#drag(before, now);
		}
	}

	/** @param {{ gap: number, middle: Pixel }} from */
	#zoom(from) {
		const next = this.#spread();
		const factor = from.gap / Math.max(next.gap, 1);
		const to = this.#camera.zoomed(factor, from.middle);
		const width = to.span / this.#box.clientWidth;
		this.#camera.set({
			span: to.span,
			x: to.x - (next.middle[0] - from.middle[0]) * width,
			y: to.y + (next.middle[1] - from.middle[1]) * width,
		});
		this.#pinch = next;
	}

	/**
	 * @param {Pixel} before
	 * @param {Pixel} now
	 */
	#drag(before, now) {
		this.#box.classList.add("dragging");
		const { view } = this.#camera;
		const unit = this.#camera.unit();
		this.#camera.set({
			span: view.span,
			x: view.x - (now[0] - before[0]) * unit,
			y: view.y + (now[1] - before[1]) * unit,
		});
	}

	/** @param {PointerEvent} event */
	#lift(event) {
		const at = this.#fingers.get(event.pointerId);
		this.#fingers.delete(event.pointerId);
		this.#pinch = null;
		this.#box.classList.remove("dragging");
		const still = this.#moved <= (event.pointerType === "mouse" ? 4 : 10);
		if (!at || this.#holder.holding || this.#fingers.size || !still) return;
		if (event.type !== "pointercancel") this.#tap(event, at);
	}

	/**
	 * @param {PointerEvent} event
	 * @param {Pixel} at
	 */
	#tap(event, at) {
		this.#wake(true);
		const { time, x, y } = this.#last;
		const twice =
			event.timeStamp - time < 320 && Math.hypot(at[0] - x, at[1] - y) < 24;
		this.#last = { time: twice ? 0 : event.timeStamp, x: at[0], y: at[1] };
		const camera = this.#camera;
		if (!twice) return camera.tap(at, event.pointerType);
		camera.fly(camera.zoomed(event.shiftKey ? 2 : 0.5, at), 250);
	}
}
