from phonereader.jobs.states import Kind
from phonereader.jobs.tasks import job_task
from recognition.reading import ReadNumber

read = job_task("recognition.read", Kind.RECOGNITION, ReadNumber)
