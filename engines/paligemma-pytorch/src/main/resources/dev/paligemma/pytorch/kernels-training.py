  def done(self: __torch__.Network) -> Tensor:
    return torch.zeros([1], dtype=6, layout=None, device=torch.device("cpu"))
  def integers(self: __torch__.Network,
    numbers: Tensor) -> List[int]:
    list = annotate(List[int], [])
    for i in range(torch.numel(numbers)):
      _0 = torch.append(list, int(torch.select(numbers, 0, i)))
    return list
  def keep(self: __torch__.Network,
    weight: Tensor,
    scale: Tensor) -> NoneType:
    weights = self.weights
    scales = self.scales
    _0 = torch.append(weights, weight)
    _1 = torch.append(scales, scale)
    return None
  def blank(self: __torch__.Network,
    sizes: Tensor,
    type: int) -> Tensor:
    return torch.zeros((self).integers(sizes, ), dtype=type, layout=None, device=$DEVICE)
  def add_weight(self: __torch__.Network,
    inputs: List[Tensor]) -> Tensor:
    torch.set_grad_enabled(False)
    _0 = (self).keep((self).bring(inputs[0], ), (self).done(), )
    return (self).done()
  def map_file(self: __torch__.Network,
    inputs: List[Tensor]) -> Tensor:
    torch.set_grad_enabled(False)
    files = self.files
    name = ""
    for i in range(torch.numel(inputs[0])):
      name = torch.add(name, torch.chr(int(torch.select(inputs[0], 0, i))))
    _0 = torch.append(files, torch.from_file(name, False, int(inputs[1]), dtype=15))
    return (self).done()
  def forget_files(self: __torch__.Network,
    inputs: List[Tensor]) -> Tensor:
    files = self.files
    torch.clear(files)
    return (self).done()
  def add_mapped_weight(self: __torch__.Network,
    inputs: List[Tensor]) -> Tensor:
    torch.set_grad_enabled(False)
    files = self.files
    part = torch.narrow(files[int(inputs[0])], 0, int(inputs[1]), int(inputs[2]))
    _0 = (self).keep((self).bring(torch.reshape(part, (self).integers(inputs[3], )), ), (self).done(), )
    return (self).done()
  def add_empty_weight(self: __torch__.Network,
    inputs: List[Tensor]) -> Tensor:
    torch.set_grad_enabled(False)
    weight = (self).blank(inputs[0], int(inputs[1]), )
    _0 = (self).keep(weight, (self).blank(inputs[2], 6, ), )
    return (self).done()
  def fill_weight(self: __torch__.Network,
    inputs: List[Tensor]) -> Tensor:
    torch.set_grad_enabled(False)
    weights = self.weights
    target = torch.view(weights[-1], [-1])
    _0 = torch.copy_(torch.narrow(target, 0, int(inputs[0]), torch.numel(inputs[1])), inputs[1])
    return (self).done()
  def fill_int8(self: __torch__.Network,
    inputs: List[Tensor]) -> Tensor:
    torch.set_grad_enabled(False)
    weights = self.weights
    scales = self.scales
    codes = weights[-1]
    columns = torch.size(codes, 1)
    numbers = torch.reshape((self).bring(inputs[1], ), [-1, columns])
    count = torch.size(numbers, 0)
    first = torch.floordiv(int(inputs[0]), columns)
    largest = torch.amax(torch.abs(numbers), [1])
    known = torch.div(127., torch.masked_fill(largest, torch.eq(largest, 0.), 1.))
    _0 = torch.copy_(torch.narrow(codes, 0, first, count), torch.round(torch.mul(numbers, torch.unsqueeze(known, 1))))
    _1 = torch.copy_(torch.narrow(scales[-1], 0, first, count), torch.div(largest, 127.))
    return (self).done()
  def fill_nf4(self: __torch__.Network,
    inputs: List[Tensor]) -> Tensor:
    torch.set_grad_enabled(False)
    weights = self.weights
    scales = self.scales
    tables = self.tables
    limits = tables[1]
    first = torch.floordiv(int(inputs[0]), 64)
    flat = (self).bring(inputs[1], )
    missing = torch.remainder(torch.neg(torch.numel(flat)), 64)
    numbers = torch.reshape(torch.constant_pad_nd(flat, [0, missing], 0.), [-1, 64])
    count = torch.size(numbers, 0)
    largest = torch.amax(torch.abs(numbers), [1])
    known = torch.masked_fill(largest, torch.eq(largest, 0.), 1.)
    found = torch.bucketize(torch.div(numbers, torch.unsqueeze(known, 1)), limits)
    pairs = torch.reshape(found, [-1, 2])
    both = torch.add(torch.mul(torch.select(pairs, 1, 0), 16), torch.select(pairs, 1, 1))
    _0 = torch.copy_(torch.narrow(weights[-1], 0, torch.mul(first, 32), torch.mul(count, 32)), both)
    _1 = torch.copy_(torch.narrow(scales[-1], 0, first, count), largest)
    return (self).done()
  def add_tables(self: __torch__.Network,
    inputs: List[Tensor]) -> Tensor:
    torch.set_grad_enabled(False)
    tables = self.tables
    values = torch.to(inputs[0], $DEVICE, 6, False, True)
    upper = torch.reshape(torch.repeat_interleave(values, 16, 0), [256, 1])
    lower = torch.reshape(torch.repeat(values, [16]), [256, 1])
    _0 = torch.append(tables, torch.cat([upper, lower], 1))
    _1 = torch.append(tables, torch.to(inputs[1], $DEVICE, 6, False, True))
    return (self).done()
  def add_parameter(self: __torch__.Network,
    inputs: List[Tensor]) -> Tensor:
    torch.set_grad_enabled(False)
    params = self.params
    grads = self.grads
    first = self.first
    second = self.second
    nothing = torch.zeros([0], dtype=6, layout=None, device=$DEVICE)
    _0 = torch.append(params, torch.requires_grad_((self).blank(inputs[0], 6, )))
    _1 = torch.append(grads, (self).blank(inputs[0], 6, ))
    _2 = torch.append(first, nothing)
    _3 = torch.append(second, nothing)
    return (self).done()
  def state(self: __torch__.Network,
    which: int) -> List[Tensor]:
    if torch.eq(which, 0):
      list = self.params
    else:
      if torch.eq(which, 1):
        list = self.grads
      else:
        if torch.eq(which, 2):
          list = self.first
        else:
          list = self.second
    return list
  def get(self: __torch__.Network,
    inputs: List[Tensor]) -> Tensor:
    torch.set_grad_enabled(False)
    list = (self).state(int(inputs[1]), )
    numbers = torch.view(torch.detach(list[int(inputs[0])]), [-1])
    target = inputs[3]
    if torch.eq(torch.numel(numbers), 0):
      _0 = torch.zero_(target)
    else:
      _1 = torch.copy_(target, torch.narrow(numbers, 0, int(inputs[2]), torch.numel(target)))
    return (self).done()
  def begin_moments(self: __torch__.Network,
    index: int) -> NoneType:
    params = self.params
    first = self.first
    second = self.second
    if torch.eq(torch.numel(first[index]), 0):
      _0 = torch._set_item(first, index, torch.zeros_like(torch.detach(params[index])))
      _1 = torch._set_item(second, index, torch.zeros_like(torch.detach(params[index])))
    return None
  def put(self: __torch__.Network,
    inputs: List[Tensor]) -> Tensor:
    torch.set_grad_enabled(False)
    index = int(inputs[0])
    which = int(inputs[1])
    if torch.ge(which, 2):
      _0 = (self).begin_moments(index, )
    list = (self).state(which, )
    numbers = torch.view(torch.detach(list[index]), [-1])
    _1 = torch.copy_(torch.narrow(numbers, 0, int(inputs[2]), torch.numel(inputs[3])), inputs[3])
    return (self).done()
  def clear(self: __torch__.Network,
    inputs: List[Tensor]) -> Tensor:
    torch.set_grad_enabled(False)
    grads = self.grads
    for i in range(torch.len(grads)):
      _0 = torch.zero_(grads[i])
    return (self).done()
  def norm(self: __torch__.Network) -> float:
    grads = self.grads
    total = torch.zeros([], dtype=7, layout=None, device=$DEVICE)
    for i in range(torch.len(grads)):
      flat = torch.view(grads[i], [-1])
      count = torch.size(flat, 0)
      for j in range(torch.floordiv(torch.add(count, 1048575), 1048576)):
        first = torch.mul(j, 1048576)
        part = torch.to(torch.narrow(flat, 0, first, ops.prim.min(1048576, torch.sub(count, first))), 7)
        _0 = torch.add_(total, torch.dot(part, part))
    return float(torch.sqrt(total))
  def sgd(self: __torch__.Network,
    inputs: List[Tensor]) -> Tensor:
    torch.set_grad_enabled(False)
    params = self.params
    grads = self.grads
    settings = inputs[0]
    rate = float(torch.select(settings, 0, 0))
    clip = float(torch.select(settings, 0, 1))
    norm = (self).norm()
    _0 = torch.copy_(inputs[2], torch.tensor(norm, dtype=7, device=torch.device("cpu")))
    if torch.lt(torch.sub(norm, norm), 1.):
      factor = ops.prim.min(torch.div(clip, torch.add(norm, 9.9999999999999995e-07)), 1.)
      for i in range(torch.len(params)):
        g = torch.mul_(grads[i], factor)
        p = torch.detach(params[i])
        _1 = torch.mul_(p, torch.sub(1., torch.mul(rate, float(torch.select(inputs[1], 0, i)))))
        _2 = torch.sub_(p, g, alpha=rate)
    _9 = (self).clear(inputs, )
    return (self).done()
  def adamw(self: __torch__.Network,
    inputs: List[Tensor]) -> Tensor:
    torch.set_grad_enabled(False)
    params = self.params
    grads = self.grads
    settings = inputs[0]
    rate = float(torch.select(settings, 0, 0))
    clip = float(torch.select(settings, 0, 1))
    norm = (self).norm()
    _0 = torch.copy_(inputs[2], torch.tensor(norm, dtype=7, device=torch.device("cpu")))
    if torch.lt(torch.sub(norm, norm), 1.):
      factor = ops.prim.min(torch.div(clip, torch.add(norm, 9.9999999999999995e-07)), 1.)
      for i in range(torch.len(params)):
        _1 = (self).begin_moments(i, )
        _2 = torch.mul_(grads[i], factor)
        p = torch.view(torch.detach(params[i]), [-1])
        _3 = torch.mul_(p, torch.sub(1., torch.mul(rate, float(torch.select(inputs[1], 0, i)))))
        _4 = (self).adamw_of(i, p, settings, )
    _9 = (self).clear(inputs, )
    return (self).done()
  def adamw_of(self: __torch__.Network,
    index: int,
    values: Tensor,
    settings: Tensor) -> NoneType:
    grads = self.grads
    firsts = self.first
    seconds = self.second
    rate = float(torch.select(settings, 0, 0))
    b1 = float(torch.select(settings, 0, 2))
    b2 = float(torch.select(settings, 0, 3))
    epsilon = float(torch.select(settings, 0, 4))
    c1 = float(torch.select(settings, 0, 5))
    c2 = float(torch.select(settings, 0, 6))
    all = torch.size(values, 0)
    for j in range(torch.floordiv(torch.add(all, 16777215), 16777216)):
      start = torch.mul(j, 16777216)
      count = ops.prim.min(16777216, torch.sub(all, start))
      g = torch.narrow(torch.view(grads[index], [-1]), 0, start, count)
      m = torch.narrow(torch.view(firsts[index], [-1]), 0, start, count)
      v = torch.narrow(torch.view(seconds[index], [-1]), 0, start, count)
      _0 = torch.lerp_(m, g, torch.sub(1., b1))
      _1 = torch.addcmul_(torch.mul_(v, b2), g, g, value=torch.sub(1., b2))
      root = torch.add_(torch.div_(torch.sqrt(v), torch.sqrt(c2)), epsilon)
      _2 = torch.addcdiv_(torch.narrow(values, 0, start, count), m, root, value=torch.neg(torch.div(rate, c1)))
    return None
