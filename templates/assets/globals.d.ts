// What scripts of a page leave for one another, and Plotly, which a script of
// its own brings.
import type { LiveMap } from "../maps/map/live.js";

type Plot = (place: HTMLElement, ...rest: unknown[]) => Promise<unknown>;

declare global {
	const Plotly: {
		newPlot: Plot;
		react: Plot;
		relayout: Plot;
		restyle: Plot;
		update: Plot;
		purge: (place: HTMLElement) => void;
	};

	/** The bundle of @huggingface/tokenizers. */
	const Tokenizers: {
		Tokenizer: new (
			file: object,
			config: object,
		) => {
			encode: (
				text: string,
				options: { add_special_tokens: boolean },
			) => { ids: number[]; tokens: string[] };
		};
	};

	interface Element {
		/** The map of a stage, while it starts; null where its data did not come. */
		started?: Promise<LiveMap | null>;
		/** The map of a stage, once it answers. */
		map?: LiveMap;
	}
}
