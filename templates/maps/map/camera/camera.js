// @ts-check
// The view of a map, and what moves it.
import { still } from "../../../assets/shared/looks.js";
import { ASPECT, UNITS } from "../units.js";
import { path } from "./path.js";

/**
 * A view: its middle, and its width in units of the frame.
 * @typedef {{ x: number, y: number, span: number }} View
 */
/** @typedef {[x: number, y: number]} Pixel in the map's box */

/**
 * What a camera asks and tells: `whole` gives the view of the whole map, `seen`
 * is called at every frame in which the view changed, `rest` when it came to
 * rest, and `tap` when a point was clicked.
 * @typedef {{
 *   whole: () => View,
 *   seen: (view: View) => void,
 *   rest: (view: View) => void,
 *   tap: (pixel: Pixel, kind: string) => void,
 * }} Listener
 */

export class Camera {
	/** @type {View} */ view;
	/** @type {Listener} */ #listener;
	/** @type {number} the narrowest view */ #least;
	#flight = 0;
	#frame = 0;
	#resting = 0;

	/**
	 * @param {HTMLElement} box the element that hands move on
	 * @param {number} least
	 * @param {Listener} listener
	 */
	constructor(box, least, listener) {
		this.box = box;
		this.#least = least;
		this.#listener = listener;
		this.view = listener.whole();
	}

	/** Tells whether flights are left out. */
	still = still;

	/**
	 * A view of which a good part shows the map's frame.
	 * @param {View} view
	 * @returns {View}
	 */
	#limit({ x, y, span }) {
		const most = this.#listener.whole();
		const wide = Math.min(Math.max(span, this.#least), most.span * 1.3);
		const spare = wide * 0.2;
		const inside = (/** @type {number} */ at, /** @type {number} */ end) =>
			Math.min(Math.max(at, -spare), end + spare);
		return { x: inside(x, UNITS), y: inside(y, UNITS * ASPECT), span: wide };
	}

	/** @param {View} view */
	#show(view) {
		this.view = this.#limit(view);
		this.#frame ||= requestAnimationFrame(() => {
			this.#frame = 0;
			this.#listener.seen(this.view);
		});
		clearTimeout(this.#resting);
		this.#resting = setTimeout(() => this.#listener.rest(this.view), 160);
	}

	get flying() {
		return this.#flight !== 0;
	}

	stop() {
		cancelAnimationFrame(this.#flight);
		this.#flight = 0;
	}

	/** @param {View} view */
	set(view) {
		this.stop();
		this.#show(view);
	}

	/**
	 * @param {View} view
	 * @param {number} [leastTime] milliseconds
	 */
	fly(view, leastTime = 350) {
		this.stop();
		const target = this.#limit(view);
		if (still()) return this.#show(target);
		const way = path(this.view, target);
		const time = Math.min(Math.max(way.length * 420, leastTime), 1600);
		const start = performance.now();
		const step = (/** @type {number} */ now) => {
			const part = Math.min(Math.max((now - start) / time, 0), 1);
			const eased =
				part < 0.5 ? 2 * part * part : 1 - 2 * (1 - part) * (1 - part);
			this.#show(part === 1 ? target : way.at(eased));
			this.#flight = part < 1 ? requestAnimationFrame(step) : 0;
		};
		this.#flight = requestAnimationFrame(step);
	}

	/** Shows the whole map. */
	whole() {
		this.fly(this.#listener.whole());
	}

	/**
	 * Zooms about the middle.
	 * @param {number} factor
	 */
	zoom(factor) {
		this.fly(this.zoomed(factor, this.middle()), 200);
	}

	/**
	 * @param {Pixel} pixel
	 * @param {string} kind
	 */
	tap(pixel, kind) {
		this.#listener.tap(pixel, kind);
	}

	/** The width of a pixel in units of the frame. */
	unit() {
		return this.view.span / this.box.clientWidth;
	}

	/** @returns {Pixel} */
	middle() {
		return [this.box.clientWidth / 2, this.box.clientHeight / 2];
	}

	/**
	 * Where an event happened in the box.
	 * @param {MouseEvent} event
	 * @returns {Pixel}
	 */
	place(event) {
		const at = this.box.getBoundingClientRect();
		return [event.clientX - at.left, event.clientY - at.top];
	}

	/**
	 * What lies under a pixel.
	 * @param {Pixel} pixel
	 */
	spot([px, py]) {
		const [mx, my] = this.middle();
		return {
			x: this.view.x + (px - mx) * this.unit(),
			y: this.view.y - (py - my) * this.unit(),
		};
	}

	/**
	 * The pixel above a place.
	 * @param {number} x
	 * @param {number} y
	 * @returns {Pixel}
	 */
	pixel(x, y) {
		const [mx, my] = this.middle();
		return [
			(x - this.view.x) / this.unit() + mx,
			my - (y - this.view.y) / this.unit(),
		];
	}

	/**
	 * The view zoomed by a factor so that what is under a pixel stays there.
	 * @param {number} factor
	 * @param {Pixel} pixel
	 * @returns {View}
	 */
	zoomed(factor, pixel) {
		const here = this.spot(pixel);
		const { span } = this.#limit({
			...this.view,
			span: this.view.span * factor,
		});
		const real = span / this.view.span;
		return {
			x: here.x + (this.view.x - here.x) * real,
			y: here.y + (this.view.y - here.y) * real,
			span,
		};
	}
}
