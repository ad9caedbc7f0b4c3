// @ts-check
// Readings in Latin letters, as people type them: every way of writing a sound
// (shi, si), and long vowels (yuushou, yusho, yūshō), come to one.

/** @type {Record<string, string>} kana by their consonant, in the order of AIUEO */
const ROWS = {
	"": "あいうえお",
	k: "かきくけこ",
	s: "さしすせそ",
	t: "たちつてと",
	n: "なにぬねの",
	h: "はひふへほ",
	m: "まみむめも",
	y: "や・ゆ・よ",
	r: "らりるれろ",
	w: "わ・・・・",
	g: "がぎぐげご",
	z: "ざじずぜぞ",
	d: "だ・・でど",
	b: "ばびぶべぼ",
	p: "ぱぴぷぺぽ",
};

/** @type {Record<string, string>} */
const SOUNDS = { を: "o", ん: "n", ぢ: "zi", づ: "zu", ゔ: "bu" };
for (const [consonant, row] of Object.entries(ROWS)) {
	for (const [i, kana] of [...row].entries()) {
		SOUNDS[kana] = consonant + "aiueo"[i];
	}
}

/** @type {[RegExp, string][]} */
const ALIKE = [
	[/shi/g, "si"],
	[/[tc]?chi/g, "ti"],
	[/tsu/g, "tu"],
	[/fu/g, "hu"],
	[/ji/g, "zi"],
	[/sh/g, "sy"],
	[/[tc]?ch/g, "ty"],
	[/jy?/g, "zy"],
	[/v/g, "b"],
	[/m(?=[bmp])/g, "n"],
	[/['-]/g, ""],
	[/(.)\1+/g, "$1"],
	[/ou/g, "o"],
];

/**
 * Latin letters with what is written in several ways written in one.
 * @param {string} text in lower case
 */
const plain = (text) =>
	ALIKE.reduce(
		(before, [way, one]) => before.replace(way, one),
		text.normalize("NFD").replace(/\p{M}/gu, ""),
	);

/**
 * What a query sounds like; null where it is not in Latin letters or too short.
 * @param {string} query in lower case
 */
export const soundOf = (query) =>
	/^[a-zâêîôûāēīōū'-]{3,}$/.test(query) ? plain(query) : null;

/** @param {string} sound */
const consonant = (sound) => sound.match(/^[^aiueo]/)?.[0] ?? "";

/**
 * The kana that a reading of this sound may begin with: small ones change the vowel.
 * @param {string} sound as `soundOf` tells it
 */
export const firstKana = (sound) =>
	Object.keys(SOUNDS).filter(
		(kana) => consonant(SOUNDS[kana]) === consonant(sound),
	);

/**
 * How a reading is written in Latin letters.
 * @param {string} kana in hiragana
 */
export function romajiOf(kana) {
	let text = "";
	for (const sign of kana) {
		const small = "ぁぃぅぇぉゃゅょ".indexOf(sign);
		if (small >= 5) text = `${text.replace(/i$/, "")}y${"auo"[small - 5]}`;
		else if (small >= 0) text = text.replace(/[aiueo]?$/, "aiueo"[small]);
		else text += SOUNDS[sign] ?? "";
	}
	return plain(text);
}
