"""Redis as a broker, mended: an acknowledgement that Redis does not answer must not deafen a worker."""

from kombu.transport import redis as transport
from kombu.transport.virtual import QoS


class PatientQoS(transport.QoS):
    """Counts a message as acknowledged even where Redis could not be told.

    kombu would count it as in work for ever, and a worker that takes one message at a time would take
    no other, on a connection that is sound again. Redis may deliver it a second time: a job's doorbell may
    ring twice.
    """

    def ack(self, delivery_tag: str) -> None:
        try:
            super().ack(delivery_tag)
        except Exception:
            QoS.ack(self, delivery_tag)
            raise


def mend() -> None:
    """Have every connection of this process behave so."""
    transport.Channel.QoS = PatientQoS
