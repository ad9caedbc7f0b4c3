// @ts-check
// Starting the maps of a page: the live map above the poster that was there at
// once. Other scripts of the page find each map at `stage.started`, a promise of
// it that is null where its data did not come, and at `stage.map` once it is
// there; bundles share no variables.
import { make, need } from "../../assets/shared/dom.js";
import { onTheme } from "../../assets/shared/looks.js";
import { rowsWithin } from "./choosing/inside.js";
import { followLandmarks } from "./choosing/landmarks.js";
import { showLegend } from "./colour/legend.js";
import { recolour, repaint } from "./colour/paint.js";
import { followPointer } from "./hover.js";
import { callClusters } from "./labels/called.js";
import { reachLabels } from "./labels/reach.js";
import { LiveMap } from "./live.js";
import { load } from "./loading.js";
import { askForHeight, talk } from "./messages.js";
import { keepOriented } from "./overview.js";
import { followView } from "./panel/in_view.js";
import { tellSeen } from "./panel/token.js";
import { readWords } from "./panel/words.js";
import { Search } from "./search.js";
import { offerShare } from "./share.js";
import { unpack } from "./source/bytes.js";
import { openSource } from "./source/index.js";
import { showTrouble } from "./state.js";
import { alike, labelledRows, sizeOf, whole } from "./view.js";

/** @import { Source } from "./source/index.js" */

export function startAll() {
	askForHeight();
	/** @type {NodeListOf<HTMLElement>} */
	const stages = document.querySelectorAll(".stage");
	for (const stage of stages) stage.started = start(stage);
}

/**
 * @param {HTMLElement} stage
 * @returns {Promise<LiveMap | null>}
 */
async function start(stage) {
	/** @type {Source} */
	let source;
	try {
		source = await open(stage);
	} catch (problem) {
		console.warn(problem);
		showTrouble(stage, readWords(stage).fetch);
		return null;
	}
	bringToLife(stage);
	const map = new LiveMap(stage, source);
	followLandmarks(map);
	await recolour(map);
	await repaint(map);
	listen(map);
	await map.address.begin();
	offerShare(map);
	talk(map);
	load(map);
	map.drawNow();
	stage.map = map;
	stage.dataset.ready = "true";
	drawWithWebGL(map);
	afterFirst(map);
	return map;
}

/**
 * Shows what a live map has: all of it before anything is measured, so that the
 * page is laid out once.
 * @param {HTMLElement} stage
 */
function bringToLife(stage) {
	const parts = [".plain", ".labels", ".controls", ".on-map", ".inview"];
	for (const part of parts) need(stage, part).hidden = false;
	const box = need(stage, ".canvas");
	box.classList.add("live");
	box.tabIndex = 0;
	/** @type {HTMLElement | null} */
	const links = stage.querySelector(".try");
	if (links) links.hidden = "quiet" in stage.dataset;
	/** @type {HTMLButtonElement | null} */
	const full = stage.querySelector("button[name=full]");
	if (full) full.hidden = !document.fullscreenEnabled;
}

/**
 * Fetches texts and shows the key when the points have been seen: in a task after
 * the frame that has them, which a callback within the next one would hold up.
 * @param {LiveMap} map
 */
function afterFirst(map) {
	const show = () => {
		map.source.texts(labelledRows(map)).then(map.draw, map.failed);
		if (!need(map.stage, ".legend").hidden) return;
		showLegend(map, map.colouring);
		map.draw();
	};
	requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(show)));
}

/**
 * Fetches what is told of a map, and opens its files.
 * @param {HTMLElement} stage
 */
async function open(stage) {
	const { meta = "", base = "", points } = stage.dataset;
	const first = points ? unpack(points) : undefined;
	first?.catch(() => {}); // told where it is awaited
	const answer = await fetch(meta);
	if (!answer.ok) throw new Error(`${meta}: ${answer.status}`);
	const source = openSource(callClusters(await answer.json()), base, first);
	await source.open(source.meta.main);
	return source;
}

/**
 * Readies WebGL, which is fetched when a reader first turns to the map: until
 * then the canvas does.
 * @param {LiveMap} map
 */
function drawWithWebGL(map) {
	const { stage, scene } = map;
	const plainly = () => {
		stage.dataset.drawn = "plain";
		need(stage, ".plainly").hidden = false;
	};
	/** @type {Promise<void> | undefined} */
	let waking;
	const { runtime } = stage.dataset;
	const wake = async () => {
		if (!runtime) return; // of a page in one file, which stays on the canvas
		const webgl = await scene.upgrade(runtime, plainly);
		if (webgl) stage.dataset.drawn = "webgl";
		else plainly();
	};
	map.wake = () => {
		waking ??= wake();
		return waking;
	};
	for (const sign of ["pointerover", "pointerdown", "wheel", "focusin"]) {
		stage.addEventListener(sign, map.wake, { once: true, passive: true });
	}
	stage.dataset.drawn = "canvas";
}

/** @param {LiveMap} map */
function listen(map) {
	const { box, stage } = map;
	map.lasso.listen();
	followPointer(map);
	followView(map);
	reachLabels(map);
	keepOriented(map);
	map.on("view", () => tellSeen(map));
	followControls(map);
	followKeyboard(map, new Search(map).field);
	hintAtHands(map);
	offerTour(stage);
	onTheme(map.draw);
	new ResizeObserver(fitting(map)).observe(box);
	stage.querySelector("button[name=full]")?.addEventListener("click", () => {
		if (document.fullscreenElement) document.exitFullscreen();
		else stage.requestFullscreen();
	});
}

/**
 * Keeps as much of the map in view when its box changes its size.
 * @param {LiveMap} map
 */
function fitting(map) {
	const { camera } = map;
	let before = sizeOf(map);
	return () => {
		const now = sizeOf(map);
		if (!now.width || !now.height) return;
		// An observer also tells the size that a box has at first.
		if (now.width === before.width && now.height === before.height) return;
		const [all, was] = [whole(map, now), whole(map, before)];
		const change = before.height ? all.span / was.span : 1;
		before = now;
		const { view } = camera;
		if (alike(view, was)) camera.set(all);
		else if (change === 1) map.scene.view(view);
		else camera.set({ ...view, span: view.span * change });
		map.draw();
	};
}

/** @param {LiveMap} map */
function followControls(map) {
	const { box, camera, stage } = map;
	/** @type {NodeListOf<HTMLInputElement>} */
	const radios = stage.querySelectorAll("input.projection");
	for (const radio of radios) {
		radio.addEventListener("change", () => map.project(radio.value));
	}
	/** @type {HTMLSelectElement} */
	const colour = need(stage, "select[name=colour]");
	colour.addEventListener("change", () => map.paint(colour.value));
	/**
	 * @param {string} name
	 * @param {() => void} act
	 */
	const press = (name, act) =>
		stage.querySelector(`button[name=${name}]`)?.addEventListener("click", act);
	press("home", () => camera.whole());
	press("nearer", () => camera.zoom(1 / 1.8));
	press("farther", () => camera.zoom(1.8));
	press("all-in-view", () => {
		const low = camera.spot([0, box.clientHeight]);
		const high = camera.spot([box.clientWidth, 0]);
		map.choose(rowsWithin(map.points(), [low, high], map.hidden, true));
	});
}

/**
 * @param {LiveMap} map
 * @param {HTMLInputElement} field
 */
function followKeyboard(map, field) {
	document.addEventListener("keydown", (event) => {
		const { key, target, ctrlKey, metaKey } = event;
		const within = (/** @type {string} */ names) =>
			target instanceof Element && target.closest(names);
		if (within("input, textarea, dialog")) return;
		if (key === "Escape" && map.selected) map.select(null);
		if (within("select")) return; // letters choose in it
		if (key !== "/" || ctrlKey || metaKey) return;
		if (map.stage !== document.querySelector(".stage")) return;
		event.preventDefault();
		field.focus();
	});
}

/**
 * In a frame the wheel is the page's until a click, and elsewhere a single
 * finger is: a reader who tries is told.
 * @param {LiveMap} map
 */
function hintAtHands(map) {
	const { box, embedded, stage, words } = map;
	const hint = need(stage, ".hint");
	let gone = 0;
	const show = () => {
		if (!embedded) hint.textContent = words.fingers;
		hint.hidden = false;
		clearTimeout(gone);
		gone = setTimeout(() => {
			hint.hidden = true;
		}, 1400);
	};
	const wheel = (/** @type {WheelEvent} */ event) => {
		if (!box.classList.contains("awake") && !event.ctrlKey) show();
	};
	if (embedded) box.addEventListener("wheel", wheel, { passive: true });
	map.on("stroke", show);
}

/**
 * Fetches the tour when it is first asked for; it starts by itself then.
 * @param {HTMLElement} stage
 */
function offerTour(stage) {
	/** @type {HTMLButtonElement | null} */
	const button = stage.querySelector("button[name=tour]");
	const load = () => {
		const { module, script, style } = button?.dataset ?? {};
		const type = module === undefined ? {} : { type: "module" };
		const code = make("script", { src: script, ...type });
		const rules = make("link", { rel: "stylesheet", href: style });
		rules.addEventListener("load", () => document.head.append(code));
		document.head.append(rules);
	};
	button?.addEventListener("click", load, { once: true });
}
