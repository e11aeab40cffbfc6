  def give(self: __torch__.Network,
    outputs: List[Tensor],
    wanted: List[bool],
    index: int,
    value: Tensor) -> NoneType:
    if wanted[index]:
      target = outputs[index]
      if torch.ne(torch.size(target), torch.size(value)):
        ops.prim.RaiseException("an output has other sizes than its result")
      _0 = torch.copy_(target, value)
    return None
  def no_weights(self: __torch__.Network) -> List[Tensor]:
    return annotate(List[Tensor], [])
  def add_weight(self: __torch__.Network,
    weights: List[Tensor],
    weight: Tensor) -> NoneType:
    _0 = torch.append(weights, (self).bring(weight, ))
    return None
  def map_file(self: __torch__.Network,
    file: str,
    elements: int) -> Tensor:
    return torch.from_file(file, False, elements, dtype=15)
  def add_mapped_weight(self: __torch__.Network,
    weights: List[Tensor],
    file: Tensor,
    first: int,
    elements: int,
    sizes: List[int]) -> NoneType:
    part = torch.reshape(torch.narrow(file, 0, first, elements), sizes)
    _0 = torch.append(weights, (self).bring(part, ))
    return None
  def add_empty_weight(self: __torch__.Network,
    weights: List[Tensor],
    sizes: List[int],
    type: int) -> NoneType:
    _0 = torch.append(weights, torch.empty(sizes, dtype=type, layout=None, device=$DEVICE))
    return None
  def fill_last_weight(self: __torch__.Network,
    weights: List[Tensor],
    first: int,
    part: Tensor) -> NoneType:
    target = torch.view(weights[-1], [-1])
    _0 = torch.copy_(torch.narrow(target, 0, first, torch.size(part, 0)), part)
    return None
  def mix_capped(self: __torch__.Network,
    queries: Tensor,
    keys: Tensor,
    values: Tensor,
    scale: float,
    cap: float,
    block: int) -> Tensor:
    mixed = torch.empty_like(queries)
    rows = torch.size(queries, 2)
    turned = torch.transpose(keys, 2, 3)
    for i in range(torch.floordiv(torch.add(rows, torch.sub(block, 1)), block)):
      first = torch.mul(i, block)
      count = ops.prim.min(block, torch.sub(rows, first))
      products = torch.to(torch.matmul(torch.narrow(queries, 2, first, count), turned), 6)
      scores = torch.mul_(torch.tanh_(torch.mul_(products, torch.div(scale, cap))), cap)
      weights = torch.to(torch.softmax(scores, -1), $ATTENTION)
      _0 = torch.copy_(torch.narrow(mixed, 2, first, count), torch.matmul(weights, values))
    return mixed
