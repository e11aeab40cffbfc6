package dev.paligemma.server.internal.typed;

import dev.paligemma.server.internal.http.Router;
import dev.paligemma.server.internal.http.Router.Access;
import dev.paligemma.server.internal.model.ServedModel;
import dev.paligemma.server.internal.picture.Pictures;
import dev.paligemma.server.internal.typed.BoxQuestion.Kind;

/** All endpoints of this package. Immutable. */
public final class TypedEndpoints {
    private final ServedModel model;
    private final Pictures pictures;
    private final int maxPictures;

    /** Endpoints of a model, and what reads pictures, of which a request may have so many. */
    public TypedEndpoints(ServedModel model, Pictures pictures, int maxPictures) {
        this.model = model;
        this.pictures = pictures;
        this.maxPictures = maxPictures;
    }

    /** Adds the paths. */
    public void addTo(Router router) {
        router.add(Access.KEY, "POST", "/v1/caption", TextEndpoint.caption(model, pictures, maxPictures));
        router.add(Access.KEY, "POST", "/v1/answer", TextEndpoint.answer(model, pictures, maxPictures));
        router.add(Access.KEY, "POST", "/v1/ocr", TextEndpoint.ocr(model, pictures, maxPictures));
        router.add(Access.KEY, "POST", "/v1/detect", new BoxEndpoint(model, pictures, Kind.DETECT));
        router.add(Access.KEY, "POST", "/v1/segment", new BoxEndpoint(model, pictures, Kind.SEGMENT));
        router.add(Access.KEY, "POST", "/v1/draw", new DrawEndpoint(model, pictures));
        router.add(Access.KEY, "POST", "/v1/score", new ScoreEndpoint(model, pictures, maxPictures));
        router.add(Access.KEY, "GET", "/v1/info", new InfoEndpoint(model));
        router.add(Access.OPEN, "GET", "/openapi.json", new OpenApi());
    }
}
