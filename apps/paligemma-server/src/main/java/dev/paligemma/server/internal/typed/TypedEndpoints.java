package dev.paligemma.server.internal.typed;

import dev.paligemma.server.internal.http.Router;
import dev.paligemma.server.internal.http.Router.Access;
import dev.paligemma.server.internal.model.ServedModel;
import dev.paligemma.server.internal.typed.BoxQuestion.Kind;
import dev.paligemma.vision.format.ImageOptions;

/** All endpoints of this package. Immutable. */
public final class TypedEndpoints {
    private final ServedModel model;
    private final ImageOptions images;

    /** Endpoints of a model, with limits on uploaded pictures. */
    public TypedEndpoints(ServedModel model, ImageOptions images) {
        this.model = model;
        this.images = images;
    }

    /** Adds the paths. */
    public void addTo(Router router) {
        router.add(Access.KEY, "POST", "/v1/caption", TextEndpoint.caption(model, images));
        router.add(Access.KEY, "POST", "/v1/answer", TextEndpoint.answer(model, images));
        router.add(Access.KEY, "POST", "/v1/ocr", TextEndpoint.ocr(model, images));
        router.add(Access.KEY, "POST", "/v1/detect", new BoxEndpoint(model, images, Kind.DETECT));
        router.add(Access.KEY, "POST", "/v1/segment", new BoxEndpoint(model, images, Kind.SEGMENT));
        router.add(Access.KEY, "POST", "/v1/draw", new DrawEndpoint(model, images));
        router.add(Access.KEY, "POST", "/v1/score", new ScoreEndpoint(model, images));
        router.add(Access.KEY, "GET", "/v1/info", new InfoEndpoint(model));
        router.add(Access.OPEN, "GET", "/openapi.json", new OpenApi());
    }
}
