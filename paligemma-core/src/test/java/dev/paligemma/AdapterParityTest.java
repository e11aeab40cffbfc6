package dev.paligemma;

/** Adapters on ONNX Runtime. */
class AdapterParityTest extends AdapterParityContract {
    AdapterParityTest() {
        super("onnx");
    }
}
