package dev.paligemma.server.internal.openai;

import dev.paligemma.server.internal.http.Router;
import dev.paligemma.server.internal.http.Router.Access;
import dev.paligemma.server.internal.model.ServedModel;
import dev.paligemma.server.internal.picture.Pictures;

/** The paths of OpenAI. */
public final class OpenAi {
    private OpenAi() {}

    /** Adds them. */
    public static void addTo(
            Router router, ServedModel models, Pictures pictures, int maxPictures, boolean ignoreSystem) {
        Models list = new Models(models);
        router.add(Access.KEY, "GET", Models.PATH, list::list);
        router.add(Access.KEY, "GET", Models.PATH + "/", list::one);
        router.add(
                Access.KEY,
                "POST",
                "/v1/chat/completions",
                new ChatCompletions(models, pictures, maxPictures, ignoreSystem));
    }
}
