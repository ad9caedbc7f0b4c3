// @ts-check
// Twelve hues of about one lightness for groups, after Okabe & Ito 2008, as in
// atlas/web/palette.py; eight steps from dark and blue to light and yellow for numbers.

export const PALETTE = [
	"#0d74b8",
	"#cf5a0c",
	"#0b8a63",
	"#b0588f",
	"#a87400",
	"#3a8cc4",
	"#8461c9",
	"#b84a45",
	"#64830a",
	"#158a94",
	"#8a6a3c",
	"#d64fae",
];
export const STEPS = [
	"#5b3fa8",
	"#3f62c0",
	"#2383b8",
	"#1f9d9a",
	"#45b06c",
	"#8cb83a",
	"#ccaf1d",
	"#f0a202",
];
export const NOISE = "#7c848d";
