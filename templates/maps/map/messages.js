// @ts-check
// A map in a frame and the page around it, by postMessage; /embedding/ tells
// people of it. Every origin may ask, since all that can be asked is to show
// something of a public map. Heights and links go out in two forms: our own, and
// WordPress's, which names a secret in the fragment, asks with `ready` once it
// listens, and follows links itself, since its sandbox lets a frame lead nowhere.
import { above } from "../../assets/shared/dom.js";

/** @import { LiveMap } from "./live.js" */

/** @param {unknown} message */
const tell = (message) => window.parent.postMessage(message, "*");

/** Tells whether this page is a map in a frame of another page. */
const framed = () =>
	window.parent !== window && document.body.classList.contains("embed");

/**
 * Asks the page around for a height, at once, so that it moves before the map is
 * drawn and not after.
 */
export function askForHeight() {
	if (!framed()) return;
	const wish = new URLSearchParams(location.hash.replace(/^#\??/, ""));
	const secret = wish.get("secret");
	const height = () => {
		const value = Math.round(
			Math.min(Math.max((innerWidth * 2) / 3, 360), 800),
		);
		tell({ type: "atlas:height", height: value });
		if (secret) tell({ message: "height", value, secret });
	};
	let width = innerWidth;
	addEventListener("resize", () => {
		if (innerWidth === width) return;
		width = innerWidth;
		height();
	});
	addEventListener("message", ({ source, data }) => {
		if (source !== window.parent || !data) return;
		const ready = data.message === "ready" && data.secret === secret;
		if (data.type === "atlas:height" || (secret && ready)) height();
	});
	document.addEventListener("click", (event) => {
		/** @type {HTMLAnchorElement | null} */
		const link = above(event, "a[target=_top]");
		if (!link || !secret) return;
		event.preventDefault();
		tell({ message: "link", value: link.href, secret });
	});
	height();
}

/**
 * What the page around may ask for. Messages of other shapes are left alone.
 * @param {LiveMap} map
 * @param {Record<string, unknown>} data
 */
async function answer(map, data) {
	const { type, id, text, link, theme } = data;
	if (type === "atlas:show" && Number.isInteger(id)) {
		const row = await map.source.rowOf(Number(id));
		if (row >= 0) map.select(row, true);
	} else if (type === "atlas:find" && typeof text === "string") {
		const [match] = await map.source.find(text, 1);
		if (match) map.select(match.row, true);
	} else if (type === "atlas:view" && typeof link === "string") {
		const hash = link.indexOf("#");
		if (hash >= 0) location.replace(link.slice(hash)); // the map follows its address
	} else if (type === "atlas:whole") {
		map.select(null);
		map.camera.whole();
	} else if (
		type === "atlas:theme" &&
		(theme === "light" || theme === "dark")
	) {
		document.documentElement.dataset.theme = theme;
		document.dispatchEvent(new Event("atlas:theme"));
	}
}

/** @param {LiveMap} map */
export function talk(map) {
	if (!framed()) return;
	map.on("select", async (row) => {
		if (row === null) return tell({ type: "atlas:select", token: null });
		const [id] = await map.source.ids([row]);
		tell({ type: "atlas:select", token: { id, text: map.source.text(row) } });
	});
	map.on("view", () => tell({ type: "atlas:view", link: map.link() }));
	addEventListener("message", ({ source, data }) => {
		if (source === window.parent && typeof data?.type === "string") {
			answer(map, data);
		}
	});
	const { total, meta } = map.source;
	tell({ type: "atlas:ready", map: meta.map, tokens: total });
}
