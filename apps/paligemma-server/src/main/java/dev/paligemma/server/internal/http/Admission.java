package dev.paligemma.server.internal.http;

/** Bounds what all requests together take before and while the model answers them: places and memory. Thread-safe. */
public final class Admission {
    private static final int RETRY_SECONDS = 1;

    private final Places places;
    private final MemoryPool bodies;
    private final MemoryPool pictures;

    /** As many places as given, and so many bytes: half of them for bodies, half for pictures. */
    public Admission(Places places, long memory) {
        this.places = places;
        this.bodies = new MemoryPool(memory / 2);
        this.pictures = new MemoryPool(memory / 2);
    }

    /** A request that has nothing yet. */
    Ticket ticket() {
        return new Ticket(bodies.open(), pictures.open());
    }

    /** The answer to a request for which there is no room. */
    static HttpFailure full() {
        return HttpFailure.busy(
                "The server is busy: as many requests run and wait as may, or they take all the memory that there is for them."
                        + " Try again later.",
                RETRY_SECONDS);
    }

    /** What one request has. Thread-safe. */
    public final class Ticket implements AutoCloseable {
        /** The body, what is read from it, and the file of a picture in it. */
        private static final int COPIES = 4;

        private final MemoryPool.Share body;
        private final MemoryPool.Share picture;
        private boolean placed;
        private boolean ended;

        private Ticket(MemoryPool.Share body, MemoryPool.Share picture) {
            this.body = body;
            this.picture = picture;
        }

        /** Whether it is of no use to read the body. */
        boolean isHopeless() {
            return places.areTaken();
        }

        /** Takes memory for a body of so many bytes so far; false if there is none. */
        boolean holdBody(long bytes) {
            return body.tryHold(bytes * COPIES);
        }

        /** The body is not kept. */
        void dropBody() {
            body.reduce(0);
        }

        /** Takes a place; false if there is none. */
        synchronized boolean takePlace() {
            placed = !ended && places.take();
            return placed;
        }

        /** Waits for memory to decode pictures in; to be called once. */
        public void awaitPictures(long bytes) {
            try {
                picture.hold(bytes);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw JdkExchange.stopping();
            }
        }

        /** Gives back what decoding took besides the pictures. */
        public void keepPictures(long bytes) {
            picture.reduce(bytes);
        }

        /** The model needs nothing more of this request. */
        void workEnded() {
            picture.close();
            synchronized (this) {
                ended = true;
                if (placed) {
                    placed = false;
                    places.giveBack();
                }
            }
        }

        /** The answer is sent. */
        @Override
        public void close() {
            workEnded();
            body.close();
        }
    }
}
