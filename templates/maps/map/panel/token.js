// @ts-check
// The panel of the chosen token.
import { cut, make, need } from "../../../assets/shared/dom.js";
import { viewOf } from "../camera/fit.js";
import { inView, shownPlaces, viewNear } from "../camera/near.js";
import { tongue } from "../labels/called.js";
import { fill } from "./words.js";

/** @import { LiveMap } from "../live.js" */
/** @import { Selected, SelectedNear } from "../state.js" */
/** @import { Facts } from "../source/index.js" */

/**
 * Shows a token, or nothing. Facts may come after the rest.
 * @param {LiveMap} map
 * @param {Selected | null} selected
 */
export function showToken(map, selected) {
	const box = need(map.stage, ".panel");
	const inside = box.contains(document.activeElement);
	box.hidden = !selected;
	box.replaceChildren();
	if (!selected) {
		if (inside) map.box.focus({ preventScroll: true });
		return;
	}
	const head = make(
		"h2",
		{ lang: map.meta.language, dir: "auto", tabindex: "-1" },
		cut(selected.text ?? "…"),
	);
	box.append(closeButton(map), head);
	const { facts, near } = selected;
	if (facts && near) {
		box.append(
			about(selected, facts),
			factList(map, facts),
			...(near.length
				? nearParts(map, facts, near)
				: [
						make("h3", {}, map.words.near),
						make(
							"p",
							{ class: "key" },
							map.source.total > 1 ? map.words.alone : map.words.none,
						),
					]),
		);
		tellSeen(map);
	} else box.append(make("p", { class: "meta" }, map.words.loading));
	if (inside) head.focus({ preventScroll: true });
}

/** @param {LiveMap} map */
function closeButton(map) {
	const { close } = map.words;
	const looks = { class: "close-panel", "aria-label": close, title: close };
	const act = { onclick: () => map.select(null) };
	return make("button", { type: "button", ...looks, ...act }, "×");
}

/**
 * @param {Selected} selected
 * @param {Facts} facts
 */
function about({ groups, text }, { reading }) {
	const spoken = reading && reading !== text;
	const said = { class: "reading", lang: "ja" };
	return make(
		"p",
		{ class: "meta" },
		spoken ? make("span", said, reading) : null,
		(groups ?? []).join(" · "),
	);
}

/**
 * @param {LiveMap} map
 * @param {Facts} facts
 */
function factList(map, facts) {
	const { words } = map;
	const whole = map.number(map.source.total);
	const rank = fill(words.of, { part: map.number(facts.rank), whole });
	return make(
		"dl",
		{},
		make("dt", {}, words.id),
		make("dd", {}, String(facts.id)),
		make("dt", {}, words.rank),
		make("dd", {}, rank),
		make("dt", {}, words.cluster),
		make("dd", {}, clusterLink(map, facts)),
	);
}

/**
 * @param {LiveMap} map
 * @param {Facts} facts
 */
function clusterLink(map, facts) {
	const cluster = map.meta.clusters.fine[facts.fine];
	if (!cluster) return map.words.noise;
	const href = `${map.stage.dataset.clusters}${cluster.page}`;
	const target = map.embedded ? { target: "_top" } : {};
	const own = tongue(map.meta, cluster);
	return make("a", { href, ...own, ...target }, cut(cluster.name, 120));
}

/**
 * The neighbors, how many of them are shown, and a button that shows them all.
 * @param {LiveMap} map
 * @param {Facts} facts
 * @param {SelectedNear[]} near
 */
function nearParts(map, facts, near) {
	const { words, selected } = map;
	const shown = near.slice(0, map.many);
	const counts = new Set([5, 10, 15].map((n) => Math.min(n, near.length)));
	const choices = [...counts].map((n) => {
		const show = () => {
			map.many = n;
			showToken(map, selected);
			map.draw();
			/** @type {HTMLElement | null} */
			const again = map.stage.querySelector(`.many [data-n="${n}"]`);
			again?.focus({ preventScroll: true });
		};
		const looks = { "data-n": n, "aria-pressed": String(n === shown.length) };
		return make(
			"button",
			{ type: "button", ...looks, onclick: show },
			String(n),
		);
	});
	const name = { role: "group", "aria-label": words.near };
	return [
		make("h3", {}, words.near),
		make(
			"p",
			{ class: "many" },
			make("span", name, ...(choices.length > 1 ? choices : [])),
			make("button", { type: "button", class: "fit", onclick: () => fit(map) }),
		),
		make("p", { class: "key seen" }),
		nearList(map, shown),
		...keptLines(map, facts, shown),
	];
}

/**
 * Shows all neighbors, or where they are in view those that lie together.
 * @param {LiveMap} map
 */
function fit(map) {
	const { camera, selected } = map;
	if (!selected?.at) return;
	const places = shownPlaces(map, selected);
	const all = inView(map, places).length === places.length;
	const { at } = selected;
	camera.fly(all ? viewNear(map, at, places) : viewOf(map, [at, ...places]));
}

/**
 * Tells how many of the neighbors are in view, and what the button beside does.
 * @param {LiveMap} map
 */
export function tellSeen(map) {
	const { camera, selected, stage, words } = map;
	/** @type {HTMLElement | null} */
	const line = stage.querySelector(".panel .seen");
	if (!line || !selected) return;
	line.textContent = "\u00a0";
	if (camera.flying) return; // told when it comes to rest
	const places = shownPlaces(map, selected);
	const shown = places.length;
	const n = inView(map, places).length;
	const all = n === shown;
	line.textContent = fill(words[all ? "inside" : "outside"], { n, shown });
	need(stage, ".panel .fit").textContent = words[all ? "fit" : "fit-all"];
}

/**
 * @param {LiveMap} map
 * @param {SelectedNear[]} near
 */
function nearList(map, near) {
	const list = make("ol", { lang: map.meta.language });
	const here = { class: "unseen", lang: document.documentElement.lang };
	for (const { row, text, kept, similarity } of near) {
		const told = similarity.toFixed(2);
		const button = make(
			"button",
			{ type: "button", onclick: () => map.select(row, true) },
			make("bdi", {}, cut(text ?? "…")),
			kept ? make("span", here, ` (${map.words.here})`) : null,
		);
		const range = { min: "0", max: "1", value: told, "aria-hidden": "true" };
		const bar = make("meter", range);
		const looks = kept ? { class: "kept" } : {};
		list.append(make("li", looks, button, bar, make("small", {}, told)));
	}
	return list;
}

/**
 * How many of the neighbors the map keeps near.
 * @param {LiveMap} map
 * @param {Facts} facts
 * @param {SelectedNear[]} near
 */
function keptLines(map, facts, near) {
	const { words, meta, stage, projection } = map;
	const kept = near.filter((other) => other.kept).length;
	const shown = fill(words.kept, { kept, shown: near.length });
	const lines = [make("p", { class: "key" }, shown)];
	const n = facts.overlap[projection];
	if (n !== undefined) {
		const mean = stage.dataset[`mean${projection}`] || "";
		const faith = fill(words.faith, { n, k: meta.k, mean });
		lines.push(make("p", { class: "key" }, faith));
	}
	return lines;
}
