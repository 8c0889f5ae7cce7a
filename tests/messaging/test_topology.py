from __future__ import annotations

from messaging.jobs import registered
from messaging.topology import Topology


def test_every_job_has_a_queue_of_its_own_for_its_events() -> None:
    topology = Topology(prefix="shop", jobs=tuple(registered().values()))
    keys = {queue.name: queue.routing_keys for queue in topology.queues if queue.exchange == "shop.events"}
    assert keys["shop.orders.send_confirmation"] == ("orders.order_placed", "orders.confirmation_requested")
    assert keys["shop.catalog.make_renditions"] == ("catalog.picture_uploaded",)
    assert len(keys) == len(registered())


def test_nothing_is_left_to_the_brokers_defaults() -> None:
    topology = Topology(prefix="shop", jobs=tuple(registered().values()))
    for queue in topology.queues:
        assert queue.arguments["x-queue-type"] == "quorum"
        assert queue.arguments["x-overflow"] == "reject-publish"
        assert "x-delivery-limit" in queue.arguments
        if queue.name != topology.dead_letters:
            assert queue.arguments["x-dead-letter-exchange"] == "shop.dead"


def test_a_queues_name_leads_back_to_its_job() -> None:
    topology = Topology(prefix="shop.eu", jobs=())
    assert topology.queue_of("orders.send_confirmation") == "shop.eu.orders.send_confirmation"
    assert topology.job_queue("shop.eu.orders.send_confirmation") == "orders.send_confirmation"
