"""Learning rates of transformers' schedules, for ScheduleTest:  python schedules.py"""
import torch
from transformers import (
    get_constant_schedule_with_warmup,
    get_cosine_schedule_with_warmup,
    get_linear_schedule_with_warmup,
)


def rates(make):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = make(optimizer)
    found = []
    for _ in range(10):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return found


print("constant", rates(lambda o: get_constant_schedule_with_warmup(o, 3)))
print("linear", rates(lambda o: get_linear_schedule_with_warmup(o, 3, 10)))
print("linear, no warm-up", rates(lambda o: get_linear_schedule_with_warmup(o, 0, 10)))
print("cosine", rates(lambda o: get_cosine_schedule_with_warmup(o, 3, 10)))
print("cosine, no warm-up", rates(lambda o: get_cosine_schedule_with_warmup(o, 0, 10)))
