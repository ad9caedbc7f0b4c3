// For a page that holds maps of an embedding atlas in frames: gives each frame the height it asks for.
//   <script src="https://…/frame.js" async></script>
// A map in a sandbox has the origin "null", so a message is known by the window it comes from.
(function () {
	addEventListener("message", function (event) {
		if (
			!event.data ||
			event.data.type !== "atlas:height" ||
			!(event.data.height > 0 && event.data.height < 5000)
		)
			return;
		for (
			var frames = document.querySelectorAll("iframe"), i = 0;
			i < frames.length;
			i++
		) {
			if (frames[i].contentWindow === event.source)
				frames[i].height = event.data.height;
		}
	});
	// Maps that were there before this script told their height to nobody: they are asked again.
	for (
		var maps = document.querySelectorAll('iframe[src*="/embed/"]'), i = 0;
		i < maps.length;
		i++
	) {
		maps[i].contentWindow.postMessage({ type: "atlas:height" }, "*");
	}
})();
