package dev.paligemma.pytorch;

import dev.paligemma.engine.Device;
import dev.paligemma.engine.EngineOptions;
import dev.paligemma.engine.Precision;
import dev.paligemma.engine.contract.EngineContract;
import dev.paligemma.engine.spi.Engine;
import dev.paligemma.engine.spi.Engines;

class TorchEngineContractTest extends EngineContract {
    @Override
    protected Engine createEngine() {
        return Engines.create("pytorch", new EngineOptions(Device.CPU, Precision.FLOAT32, 2));
    }
}
