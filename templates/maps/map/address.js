// @ts-check
// The address of what a reader sees: `t` the token's id, `p` the projection, `c`
// the colouring, `f` what the legend leaves, `l` a landmark that alone is left, by
// its name, and `v` the view as the id of the
// token nearest to its middle, its width in thousandths of the frame's, and how
// far the middle lies from that token in thousandths of the width. Ids hold
// across builds of one vocabulary, so an address means the same words after the
// map was made anew.
import { need } from "../../assets/shared/dom.js";
import { placesOf, viewOf } from "./camera/fit.js";
import { UNITS } from "./units.js";
import { alike, whole } from "./view.js";

/** @import { LiveMap } from "./live.js" */
/** @import { View } from "./camera/camera.js" */
/** @import { Source } from "./source/index.js" */

/** @typedef {[id: number, width: number, dx: number, dy: number]} Anchored a view as addresses name it */
/**
 * What an address says; null and "" for what it leaves out.
 * @typedef {{ token: number | null, projection: string, colour: string, only: number[], landmark: string, view: Anchored | null }} Wish
 */

/** The share of a landmark's members that a view of it may leave out. */
const STRAY = 0.2;

/** @param {string | null} text */
const count = (text) => (text && /^\d+$/.test(text) ? Number(text) : null);

/**
 * @param {string} text a fragment, with its sign or without
 * @returns {Wish}
 */
export function readAddress(text) {
	const wish = new URLSearchParams(text.replace(/^#\??/, ""));
	const view = (wish.get("v") ?? "").split(",").map(Number);
	const good = view.length === 4 && view.every(Number.isFinite) && view[1] > 0;
	return {
		token: count(wish.get("t")),
		projection: wish.get("p") ?? "",
		colour: wish.get("c") ?? "",
		only: (wish.get("f") ?? "")
			.split(".")
			.map(count)
			.filter((key) => key !== null),
		landmark: wish.get("l") ?? "",
		view: good ? /** @type {Anchored} */ (view) : null,
	};
}

/**
 * @param {Wish} wish
 * @returns {string} a fragment, "" where nothing is to be said
 */
export function writeAddress(wish) {
	const { token, projection, colour, only, landmark, view } = wish;
	const parts = [];
	if (token !== null) parts.push(`t=${token}`);
	if (projection) parts.push(`p=${projection}`);
	if (colour) parts.push(`c=${colour}`);
	if (only.length) parts.push(`f=${only.join(".")}`);
	if (landmark) parts.push(`l=${encodeURIComponent(landmark)}`);
	if (view) parts.push(`v=${view.join(",")}`);
	return parts.length ? `#${parts.join("&")}` : "";
}

/**
 * A view by the token nearest to its middle; null where no point is loaded.
 * @param {Pick<Source, "points" | "ids">} source
 * @param {string} projection
 * @param {View} view
 * @returns {Promise<Anchored | null>}
 */
export async function anchored(source, projection, view) {
	const { x, y, n, rows } = source.points(projection);
	let best = -1;
	let gap = Infinity;
	for (let i = 0; i < n; i++) {
		const far = (x[i] - view.x) ** 2 + (y[i] - view.y) ** 2;
		if (far < gap) [best, gap] = [i, far];
	}
	if (best < 0) return null;
	const [id] = await source.ids([rows ? rows[best] : best]);
	const thousandths = (/** @type {number} */ value) =>
		Math.round((value / view.span) * 1000);
	return [
		id,
		Number(((view.span / UNITS) * 1000).toPrecision(4)),
		thousandths(view.x - x[best]),
		thousandths(view.y - y[best]),
	];
}

/**
 * The view that an address names; null where its token is not on the map.
 * @param {Pick<Source, "rowOf" | "place">} source
 * @param {string} projection
 * @param {Anchored} anchor
 * @returns {Promise<View | null>}
 */
export async function viewAt(source, projection, [id, width, dx, dy]) {
	const row = await source.rowOf(id);
	if (row < 0) return null;
	const [x, y] = await source.place(projection, row);
	const span = (width / 1000) * UNITS;
	return { x: x + (dx / 1000) * span, y: y + (dy / 1000) * span, span };
}

/**
 * The name of the landmark that alone is left in colour, "" where none is.
 * @param {Pick<LiveMap, "colour" | "meta" | "only">} map
 */
export function landmarkOf({ colour, meta, only }) {
	if (colour !== "landmark" || only.size !== 1) return "";
	const [key] = only;
	return meta.landmarks?.[key]?.name ?? "";
}

/** The page's address follows a map; choosing a token or a cluster is a step that Back undoes. */
export class Address {
	/** @type {LiveMap} */ #map;
	/** @type {string} without what others put there, such as WordPress's secret */
	#written = writeAddress(readAddress(location.hash));
	#restoring = true;
	#noting = 0;

	/** @param {LiveMap} map */
	constructor(map) {
		this.#map = map;
	}

	/** Brings back what the address names, and follows the map from then on. */
	async begin() {
		if (!this.#map.quiet) {
			addEventListener("popstate", () => this.#restore(location.hash));
			if (location.hash) await this.#restore(location.hash, true);
		}
		this.#restoring = false;
	}

	/** The full address of what was noted last. */
	link() {
		return location.href.split("#")[0] + this.#written;
	}

	/** @returns {Promise<Wish>} */
	async #seen() {
		const map = this.#map;
		const { camera, colour, meta, projection, selected, source } = map;
		const { view } = camera;
		const all = whole(map);
		const same = alike(view, all);
		const landmark = landmarkOf(map);
		return {
			token: selected ? (await source.ids([selected.row]))[0] : null,
			projection: projection === meta.main ? "" : projection,
			colour: landmark || colour === "cluster" ? "" : colour,
			only: landmark ? [] : [...map.only],
			landmark,
			view: same ? null : await anchored(source, projection, view),
		};
	}

	/**
	 * Writes what is seen into the address.
	 * @param {boolean} step whether it may be a step of its own in the history
	 */
	async note(step) {
		if (this.#restoring || this.#map.quiet) return;
		const mine = step ? this.#noting : ++this.#noting;
		const hash = await this.#seen().then(writeAddress, () => "");
		if ((!step && mine !== this.#noting) || hash === this.#written) return;
		const token = (/** @type {string} */ text) => readAddress(text).token;
		const other = token(hash) !== token(this.#written);
		const address = hash || location.pathname + location.search;
		try {
			if (step && other) history.pushState(null, "", address);
			else history.replaceState(null, "", address);
		} catch {
			// refused in some frames
		}
		this.#written = hash;
	}

	/** Makes what is written next a step of its own in the history. */
	step() {
		if (this.#restoring || this.#map.quiet) return;
		try {
			history.pushState(null, "", location.href);
		} catch {
			// refused in some frames
		}
	}

	/**
	 * @param {string} text
	 * @param {boolean} [first]
	 */
	async #restore(text, first = false) {
		this.#restoring = true;
		const map = this.#map;
		const wish = readAddress(text);
		try {
			await this.#bring(wish, first);
		} catch (problem) {
			map.failed(problem);
		}
		this.#restoring = false;
		this.#written = writeAddress(wish);
		map.emit("restore", map.selected?.row ?? null);
	}

	/**
	 * @param {Wish} wish
	 * @param {boolean} first whether nothing was seen before
	 */
	async #bring(wish, first) {
		const map = this.#map;
		const { camera, meta, source } = map;
		const there = Object.hasOwn(meta.projections, wish.projection);
		const projection = there ? wish.projection : meta.main;
		if (projection !== map.projection) await map.project(projection);
		const { colour, only, landmark } = this.#colours(wish);
		if (colour !== map.colour || `${only}` !== `${[...map.only]}`) {
			await map.paint(colour, only);
		}
		const view = wish.view && (await viewAt(source, projection, wish.view));
		const row = wish.token === null ? -1 : await source.rowOf(wish.token);
		if (row < 0 && map.selected) await map.select(null, false, true);
		if (view) camera.set(view);
		else if (row < 0) {
			const places = placesOf(map, landmark?.rows ?? []);
			const target = viewOf(map, places, STRAY);
			if (first) camera.set(target);
			else camera.fly(target);
		}
		if (row >= 0) await map.select(row, !view, true);
		else await map.select(null, false, true);
	}
	/**
	 * The colours that an address names, as far as the page has them.
	 * @param {Wish} wish
	 */
	#colours(wish) {
		const { meta, stage } = this.#map;
		/** @type {HTMLSelectElement} */
		const select = need(stage, "select[name=colour]");
		const names = [...select.options].map((option) => option.value);
		const landmarks = meta.landmarks ?? [];
		const key = landmarks.findIndex((one) => one.name === wish.landmark);
		if (key >= 0 && names.includes("landmark")) {
			return { colour: "landmark", only: [key], landmark: landmarks[key] };
		}
		const colour = names.includes(wish.colour) ? wish.colour : "cluster";
		return { colour, only: wish.only, landmark: null };
	}
}
