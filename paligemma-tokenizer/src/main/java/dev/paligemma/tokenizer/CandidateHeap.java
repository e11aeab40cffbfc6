package dev.paligemma.tokenizer;

import java.util.Arrays;

/** A binary min-heap of (rank, position) pairs, each packed into a long. Confined to one thread. */
final class CandidateHeap {

    private long[] heap;
    private int size;

    CandidateHeap(int expected) {
        heap = new long[Math.max(16, expected)];
    }

    static int rank(long candidate) {
        return (int) (candidate >>> 32);
    }

    static int position(long candidate) {
        return (int) candidate;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** Adds a candidate; neither number may be negative. */
    void add(int rank, int position) {
        if (size == heap.length) {
            heap = Arrays.copyOf(heap, Math.multiplyExact(size, 2));
        }
        long candidate = ((long) rank << 32) | position;
        int i = size++;
        while (i > 0) {
            int parent = (i - 1) >> 1;
            if (heap[parent] <= candidate) {
                break;
            }
            heap[i] = heap[parent];
            i = parent;
        }
        heap[i] = candidate;
    }

    /** Removes the candidate of lowest rank, the leftmost of those. */
    long removeFirst() {
        long first = heap[0];
        long last = heap[--size];
        int i = 0;
        int child = 1;
        while (child < size) {
            if (child + 1 < size && heap[child + 1] < heap[child]) {
                child++;
            }
            if (heap[child] >= last) {
                break;
            }
            heap[i] = heap[child];
            i = child;
            child = 2 * i + 1;
        }
        heap[i] = last;
        return first;
    }
}
