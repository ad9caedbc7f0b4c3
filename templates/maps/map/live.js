// @ts-check
// A live map as other scripts and tests know it: `stage.map`. What it does
// stands in the modules that it hands on to.
import { need } from "../../assets/shared/dom.js";
import { Address } from "./address.js";
import { Camera } from "./camera/camera.js";
import { Hands } from "./camera/hands.js";
import { followKeys } from "./camera/keys.js";
import { Lasso } from "./choosing/lasso.js";
import { showCluster } from "./clusters.js";
import { filter, paint } from "./colour/paint.js";
import { pointAt } from "./hover.js";
import { load } from "./loading.js";
import { drawOverlay } from "./overlay.js";
import { choose } from "./panel/chosen.js";
import { listView } from "./panel/in_view.js";
import { picture } from "./picture/picture.js";
import { project } from "./projection.js";
import { Scene } from "./scene/scene.js";
import { select } from "./selection.js";
import { State } from "./state.js";
import { UNITS } from "./units.js";
import { dotSize, hitAt, nearestRow, POINTER, whole } from "./view.js";

/** @import { Pixel, View } from "./camera/camera.js" */
/** @import { Travel } from "./camera/near.js" */
/** @import { Hit } from "./labels/hit.js" */
/** @import { Source } from "./source/index.js" */

/** How much of the frame the narrowest view shows. */
const NEAREST = 500;
const NEAREST_TILED = 40000;

export class LiveMap extends State {
	#waiting = 0;

	/**
	 * @param {HTMLElement} stage
	 * @param {Source} source an open one
	 */
	constructor(stage, source) {
		super(stage, source);
		const { box } = this;
		/** @type {HTMLCanvasElement} */
		this.canvas = need(stage, ".labels");
		this.tip = need(stage, ".tip");
		this.scene = new Scene(
			need(stage, ".plot"),
			need(stage, ".plain"),
			need(stage, ".under"),
			box,
		);
		const nearest = this.meta.tiles ? NEAREST_TILED : NEAREST;
		this.camera = new Camera(box, UNITS / nearest, {
			whole: () => whole(this),
			seen: (view) => this.#seen(view),
			rest: (view) => this.#rest(view),
			tap: (pixel, kind) => this.#tap(pixel, kind),
		});
		this.lasso = new Lasso(this);
		const stroked = () => this.emit("stroke", null);
		new Hands(this.camera, this.embedded, this.lasso, stroked);
		followKeys(this.camera);
		this.address = new Address(this);
	}

	/** @param {View} view */
	#seen(view) {
		this.tip.hidden = true;
		this.hovered = null;
		this.scene.view(view);
		drawOverlay(this, view);
		this.emit("move", view);
	}

	/** @param {View} view */
	#rest(view) {
		this.scene.size(dotSize(this, view));
		load(this);
		this.list();
		this.address.note(false);
		this.emit("view", view);
	}

	/**
	 * @param {Pixel} pixel
	 * @param {string} kind
	 */
	#tap(pixel, kind) {
		if (kind === "key") {
			const row = nearestRow(this, pixel, this.box.clientWidth / 2);
			if (row !== null) this.select(row, "near");
			return;
		}
		const hit = hitAt(this, pixel, kind === "mouse" ? POINTER : 24);
		if (hit) this.act(hit);
		else if (this.selected) this.select(null);
	}

	/**
	 * Does what a click on a token or on a cluster's name does.
	 * @param {Hit} hit
	 */
	act(hit) {
		if ("row" in hit) this.select(hit.row, "near");
		else showCluster(this, hit.cluster);
	}

	/** Draws the labels anew with the next frame. */
	draw = () => {
		this.#waiting ||= requestAnimationFrame(() => this.drawNow());
	};

	/** Draws them at once. */
	drawNow() {
		cancelAnimationFrame(this.#waiting);
		this.#waiting = 0;
		drawOverlay(this, this.camera.view);
	}

	view() {
		return { ...this.camera.view };
	}

	/**
	 * @param {View} view
	 * @param {boolean} [animate]
	 */
	setView(view, animate = false) {
		if (animate) this.camera.fly(view);
		else this.camera.set(view);
	}

	/**
	 * Chooses a token, or none. `travel` brings it and its neighbors into view;
	 * `quiet` leaves the address alone and tells nobody.
	 * @param {number | null} row
	 * @param {Travel} [travel]
	 * @param {boolean} [quiet]
	 */
	select(row, travel = false, quiet = false) {
		return select(this, row, travel, quiet);
	}

	/**
	 * Marks what is pointed at elsewhere.
	 * @param {number | null} row
	 */
	point(row) {
		return pointAt(this, row);
	}

	/**
	 * Sets tokens apart, or none. `title` says what they are.
	 * @param {number[] | null} rows
	 * @param {string} [title]
	 */
	choose(rows, title) {
		return choose(this, rows, title);
	}

	/**
	 * Colours by a property. `only` are the keys that the legend leaves.
	 * @param {string} name
	 * @param {number[]} [only]
	 * @param {boolean} [exactly]
	 */
	paint(name, only = [], exactly = false) {
		return paint(this, name, only, exactly);
	}

	/** @param {number | null} key */
	filter(key) {
		return filter(this, key);
	}

	/** @param {string} name */
	project(name) {
		return project(this, name);
	}

	/** Lists what is in view. */
	list() {
		listView(this);
	}

	/** The address of what is seen. */
	link() {
		return this.address.link();
	}

	/** Brings the address up to date. */
	noted() {
		return this.address.note(false);
	}

	/** @param {string} format "png" or "svg" */
	image(format) {
		return picture(this, format);
	}
}
