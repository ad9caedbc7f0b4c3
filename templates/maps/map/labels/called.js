// @ts-check
// What clusters go by: a title in the page's language, where one property says
// what most of their tokens are, else three of their tokens.

/** @import { Cluster, Meta } from "../meta" */

/**
 * Calls the clusters of a map by their titles.
 * @param {Meta} meta
 */
export function callClusters(meta) {
	const { lang } = document.documentElement;
	for (const cluster of [...meta.clusters.coarse, ...meta.clusters.fine]) {
		const { title } = cluster;
		if (!title) continue;
		cluster.name = title[lang] ?? title.en ?? Object.values(title)[0];
	}
	return meta;
}

/**
 * The attribute of what a cluster goes by that says its language, where that is
 * not the page's.
 * @param {Pick<Meta, "language">} meta
 * @param {Pick<Cluster, "title">} cluster
 */
export const tongue = (meta, { title }) =>
	title ? {} : { lang: meta.language };
