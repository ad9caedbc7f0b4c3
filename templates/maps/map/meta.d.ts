// Written by tests/js/meta_types.py from atlas/maps/files/meta.py, which says more.

/** The number of rows, or ids, of a file of each kind. */
export interface Chunks {
	facts: number;
	near: number;
	ids: number;
}

/** A cluster; `title` by language stands in place of its name, `page` is where it is told, below the page of all clusters, `colour` an index into the palette, 255 for none. */
export interface Cluster {
	name: string;
	title?: Record<string, string> | null;
	page: string;
	size: number;
	colour: number;
}

/** The number of tokens of a large map with each value of a property. */
export interface Counts {
	kind: number[];
	script: number[];
	pos: number[];
}

/** The files of a map that is loaded as a whole, besides those of its projections; of neighbors each is for `rows` tokens. */
export interface Files {
	texts: string;
	facts: string;
	near: string[];
	rows: number;
	readings: string | null;
}

/** The values of the properties of tokens; files hold indices into these lists. */
export interface Groups {
	kind: string[];
	script: string[];
	pos: string[];
}

/** A set of tokens with its titles by language; the largest set comes first. Rows of a map in tiles are in a file of their own. */
export interface Landmark {
	name: string;
	title: Record<string, string>;
	rows: number[];
}

/** The clusters of each level, in the order of their keys. */
export interface Levels {
	coarse: Cluster[];
	fine: Cluster[];
}

/** The description of a map and of its files. Faithfulness is measured by `k` neighbors; `neighbors` are shown. A map has `files`, or `tiles` and `counts`. */
export interface Meta {
	map: string;
	language: string;
	tokens: number;
	main: string;
	k: number;
	neighbors: number;
	projections: Record<string, Projection>;
	groups: Groups;
	steps: Steps;
	clusters: Levels;
	until: Until;
	landmarks?: Landmark[] | null;
	counts?: Counts | null;
	files?: Files | null;
	tiles?: Tiles | null;
}

/** The places of names of each level. */
export interface Names {
	coarse: Places;
	fine: Places;
}

/** The coordinates of the names of clusters, and the zooms in half-octaves from which they are shown. Each list is in the order of the clusters; lists pack better than objects. */
export interface Places {
	zoom: number[];
	x: number[];
	y: number[];
}

/** A layout of the map: the file of its points, the first view, how much of its width is bare on each side, in percent, and the places of the names of clusters. */
export interface Projection {
	file: string;
	view: Rectangle;
	bare: number;
	names: Names;
}

/** The left lower corner and the width of a view, in units of the frame. */
export interface Rectangle {
	left: number;
	bottom: number;
	width: number;
}

/** The least and the largest number of each step that files hold of a property: the lengths of vectors, and how untrained rows look, where that is known. */
export interface Steps {
	norm: [number, number][];
	suspicion?: [number, number][] | null;
}

/** The files of a map that is loaded in tiles. `folder` holds them. Labels are `labels` half-octaves ahead of their tile's level, down to the level `deepest`. `ids` are the first ids of the chunks that map ids to rows, `grams` is the number of files that lead from parts of texts to words. `extent` is the larger one of each projection's width and height, in units of the frame. */
export interface Tiles {
	folder: string;
	labels: number;
	deepest: number;
	chunks: Chunks;
	ids: number[];
	grams: number;
	extent: Record<string, number>;
}

/** The last zooms, in half-octaves, at which the names of each level are shown. */
export interface Until {
	coarse: number;
	fine: number;
}
