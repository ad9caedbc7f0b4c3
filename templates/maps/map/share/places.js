// @ts-check
// What puts a map into other people's pages, for each place where they write.
import { escaped } from "../../../assets/shared/dom.js";

/**
 * A map as it is seen: addresses of the page for frames and of the whole page,
 * what its picture is called, the hub's names of its model.
 * @typedef {{ title: string, embed: string, link: string, picture: string, height: string, models: string[] }} Seen
 */

/**
 * Text as Markdown shows it.
 * @param {string} text
 */
const plain = (text) => text.replace(/[[\]\\]/g, "\\$&");

/** @param {Seen} seen */
const frame = ({ embed, title, height }) =>
	`<iframe src="${escaped(embed)}" title="${escaped(title)}" width="100%" height="${height}" loading="lazy" allow="fullscreen" referrerpolicy="strict-origin-when-cross-origin" style="border:0"></iframe>`;

/** @param {Seen} seen */
const space = ({ title, models }) =>
	[
		"---",
		`title: ${JSON.stringify(title)}`,
		"sdk: static",
		"app_file: index.html",
		...(models.length ? ["models:", ...models.map((id) => `- ${id}`)] : []),
		"---",
		"",
	].join("\n");

// Qiita shows CodePen's own element for other pages.
const QIITA = (/** @type {Seen} */ { height }) =>
	`<p class="codepen" data-height="${height}" data-default-tab="result" data-slug-hash="ID" data-user="NAME"></p>\n<script async src="https://cpwebassets.codepen.io/assets/embed/ei.js"></script>`;

/** @type {Record<string, (seen: Seen) => string>} by the name that the page has for the place */
export const SNIPPETS = {
	html: frame,
	markdown: ({ title, link, picture }) =>
		`[![${plain(title)}](${picture})](${link})\n[${plain(title)}](${link})`,
	wordpress: (seen) => `<!-- wp:html -->\n${frame(seen)}\n<!-- /wp:html -->`,
	hatena: ({ link }) => `[${link}:embed]`,
	note: ({ link }) => link,
	zenn: () => "@[codepen](https://codepen.io/NAME/pen/ID?default-tab=result)",
	qiita: QIITA,
	huggingface: space,
	quarto: (seen) => `\`\`\`{=html}\n${frame(seen)}\n\`\`\``,
	jupyter: ({ embed, height }) =>
		`from IPython.display import IFrame\n\nIFrame(${JSON.stringify(embed)}, "100%", ${height})`,
};

/**
 * A pen that shows the map, as CodePen takes it by POST.
 * @param {Seen} seen
 */
export const penOf = (seen) =>
	JSON.stringify({
		title: seen.title,
		html: frame(seen),
		css: "body { margin: 0 }\niframe { display: block; height: 100vh }",
		editors: "100",
	});
