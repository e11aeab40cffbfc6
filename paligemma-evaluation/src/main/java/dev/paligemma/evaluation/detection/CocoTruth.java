package dev.paligemma.evaluation.detection;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What is in the pictures of a data set: the pictures, the categories that are looked for, and the objects. Immutable.
 *
 * <p>The order of the pictures matters only where detections in different pictures have equal scores: then the one in the
 * earlier picture counts first. {@link #read} takes them in the order of their ids, as pycocotools does.
 */
public final class CocoTruth {
    private final Map<String, CocoImage> images;
    private final Map<String, String> categories;
    private final List<CocoObject> objects;

    private CocoTruth(Builder builder) {
        images = new LinkedHashMap<>(builder.images);
        categories = new LinkedHashMap<>(builder.categories);
        objects = List.copyOf(builder.objects);
    }

    /** Begins with nothing. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Reads a file of COCO's object annotations ({@code instances_val2017.json}), or JSON lines of one picture each:
     * {@code {"id": "1.jpg", "width": 640, "height": 480, "boxes": [{"label": "cat", "bbox": [x, y, width, height]}]}}.
     *
     * @param shape masks are read if they are compared, and left alone otherwise
     * @throws dev.paligemma.evaluation.metric.EvaluationException if it cannot be read, or an id is 0 or comes twice
     */
    public static CocoTruth read(Path file, Shape shape) {
        return CocoFiles.truth(file, shape);
    }

    /** The ids of the pictures, in their order. */
    public List<String> images() {
        return List.copyOf(images.keySet());
    }

    /** A picture by its id; an {@link IllegalArgumentException} if there is none. */
    CocoImage image(String id) {
        CocoImage image = images.get(id);
        if (image == null) {
            throw new IllegalArgumentException("there is no picture with the id " + id);
        }
        return image;
    }

    boolean hasImage(String id) {
        return images.containsKey(id);
    }

    /** The names of the categories by their ids, in their order. */
    public Map<String, String> categories() {
        return new LinkedHashMap<>(categories);
    }

    /** All objects, crowds among them. */
    public List<CocoObject> objects() {
        return objects;
    }

    /** Collects pictures, categories and objects. Confined to one thread. */
    public static final class Builder {
        private final Map<String, CocoImage> images = new LinkedHashMap<>();
        private final Map<String, String> categories = new LinkedHashMap<>();
        private final List<CocoObject> objects = new ArrayList<>();

        private Builder() {}

        /**
         * Adds a picture.
         *
         * @param width in pixels, or 0 if it is unknown and no masks are compared
         * @param height in pixels, or 0
         * @throws IllegalArgumentException if there is one with this id, or a size is negative
         */
        public Builder image(String id, int width, int height) {
            if (width < 0 || height < 0) {
                throw new IllegalArgumentException("a picture cannot have the size " + width + "x" + height);
            }
            if (images.putIfAbsent(id, new CocoImage(width, height)) != null) {
                throw new IllegalArgumentException("the id " + id + " of a picture comes twice");
            }
            return this;
        }

        /** Adds a category; an {@link IllegalArgumentException} if there is one with this id. */
        public Builder category(String id, String name) {
            if (categories.putIfAbsent(id, name) != null) {
                throw new IllegalArgumentException("the id " + id + " of a category comes twice");
            }
            return this;
        }

        /** Whether a category with this id has been added. */
        public boolean hasCategory(String id) {
            return categories.containsKey(id);
        }

        /**
         * Adds an object.
         *
         * @throws IllegalArgumentException if its picture or category has not been added before
         */
        public Builder object(CocoObject object) {
            if (!images.containsKey(object.image())) {
                throw new IllegalArgumentException("there is no picture with the id " + object.image());
            }
            if (!categories.containsKey(object.category())) {
                throw new IllegalArgumentException("there is no category with the id " + object.category());
            }
            objects.add(object);
            return this;
        }

        /** What was collected; more may be added afterwards. */
        public CocoTruth build() {
            return new CocoTruth(this);
        }
    }
}
