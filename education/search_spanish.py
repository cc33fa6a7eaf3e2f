"""Questions in Spanish, as the English words that our pages would use for them. Pure; our own list, word for word.

It translates what is asked, never what is answered: our pages are in English, and the search page says so.
"""

from collections.abc import Callable, Sequence
from typing import Final

from education.search_spelling import SHORTEST_CORRECTED, slips
from education.search_words import words_of

LITTLE: Final = frozenset(
    "a al algo algun alguna ante antes aqui asi aun como con cual cuales cuando cuanto cuanta cuantos cuantas de del "
    "desde donde dos e el ella ellas ellos en entre era es esa ese eso esta estan estar estas este esto estos estoy "
    "fue ha hace hacer hacerme hacen hago han hasta hay he la las le les lo los mas me mi mis muy nada ni no nos o os "
    "otra otro otros para pero poco podria por porque pude puede pueden puedo pues que quien quienes quiero se sea ser "
    "si siento sin sobre son soy su sus tal tambien tan te tener tengo tiene tienen todo todos tras tu tus un una uno "
    "unos unas va van ver verdad y ya yo debo debe deberia hola favor necesito saber significa existe sirve sirven "
    "medio cada mucho mucha muchos muchas despues durante contra segun hacia dice dicen hablar".split()
)
BOTH: Final = frozenset("a e he has me no o os son van tan sea era he ha se dos y la".split())
"""Little words of Spanish that English has too, so that they show nothing."""
MEANINGS: Final = """
acetaminofen paracetamol = acetaminophen
acupuntura = acupuncture
ahora inmediatamente = now
adherencia = scar
adulta adulto = adult
alivio aliviar alivia = relief
anestesia = anaesthetic
animal animales = animals
antiinflamatorio antiinflamatorios = anti inflammatory
aprobado aprobada aprobados aprobadas aprobacion autorizado autorizada autorizadas autorizados = approved
articulacion articulaciones = joint
articulaciones facetarias | articulacion facetaria | facetas | faceta | facetaria | facetario = facet joint
artritis artrosis = arthritis
artrosis facetaria | artritis facetaria | sindrome facetario = facet joint arthritis
aseguradora aseguradoras seguro seguros cobertura = insurance
ayuda ayudan ayudar = help
ayuda para decidir | herramienta de decision | decidir | decision = decision aid
baja = low
beneficio beneficios = benefits
cadera = hip
cancer = cancer
caminar camino camina andar = walking
cartilago = cartilage
caro cara costoso = cost
celulas celula = cells
celulas madre | celula madre | celulas troncales | celula troncal | celulas madres = stem cells
celulas del donante | celulas de donante | donante = donor cells
celulas propias | propias celulas | mis propias celulas | propio propia = own cells
ciatica = sciatica
ciencia cientifico cientifica cientificos estudio estudios investigacion investigaciones = studies
cirugia cirugias operacion operaciones operar operarme operarse = surgery
cirujano = surgeon
cita citas turno = appointment
clinica clinicas = clinic
columna vertebral | columna | espinazo = spine
compresion = compression
conducir manejar = driving
consentimiento = consent
consulta = consultation
comparar comparacion compara = compare
condicion condiciones enfermedad enfermedades = conditions
corticoide corticoides cortisona esteroide esteroides infiltracion infiltraciones = steroid injection
costo costos coste costes cuesta cuestan cuesten precio precios tarifa tarifas vale cobran = cost
crecer crece regenera regenerar regeneran regeneracion = grow back
crema = cream
cronico cronica = chronic
tarda tardan tardar tiempo = long
cuerpo = body
cura curar curan curarse curo curacion sana sanar = cure
dano danos lesion lesiones = damage
debilidad = weakness
dia = day
dia del procedimiento = day of the procedure
diagnostico = diagnosis
disco discos = disc
disco desgastado | desgaste = worn discs
disco roto | disco desplazado | disco salido | disco herniado | discos herniados = herniated disc
discopatia | enfermedad degenerativa del disco | degeneracion discal | discopatia degenerativa | disco degenerado | discos degenerados | enfermedad discal degenerativa = degenerative disc disease
degenerativa degenerativo degeneracion = degenerative
doctor doctora medico medica medicos = doctor
dolor dolores duele duelen doler adolorido dolorido = pain
dolor de espalda | dolor en la espalda | espalda baja | dolor lumbar | lumbalgia | lumbago | lumbar | dolor de cintura | duele la espalda | espalda me duele = back pain
dura durar duran duracion = last long
placebo = placebo
efectos secundarios | efecto secundario | efectos adversos | efecto adverso = side effects
efectivo efectiva eficaz eficaces eficacia efectivas efectividad = work
ejercicio ejercicios = exercise
embarazada embarazo = pregnant
embrionaria embrionarias embrion embriones = embryonic
emergencia emergencias urgencia urgencias urgente = emergency
empeora peor empeorar = worse
engano estafa fraude = scam
ensayo clinico | ensayos clinicos | ensayo ensayos = clinical trials
entumecimiento adormecimiento hormigueo adormecida dormida = numbness
epidural epidurales = epidural
espalda = back
espera esperar = wait
estenosis = stenosis
estenosis espinal | estenosis lumbar | canal estrecho | estenosis de canal | canal lumbar estrecho | conducto estrecho | estrechamiento = spinal stenosis
evidencia evidencias prueba pruebas = evidence
exosoma exosomas = exosomes
experiencia experiencias testimonio testimonios historia historias opinion opiniones = stories
experimental experimentales = experimental
experto expertos especialista especialistas = experts
extranjero viajar = travel abroad
fiebre calentura = fever
fisioterapia | fisioterapeuta | terapia fisica | rehabilitacion | rehab = physiotherapy
fuente fuentes referencia referencias bibliografia = sources
funciona funcionan funcionar funcionamiento = work
fusion = fusion
glosario = glossary
grado grados = grade
grasa = fat
sentado sentarse sentada = sitting
hernia hernias = herniated disc
hernia de disco | hernia discal | hernias discales | hernia lumbar | hernias de disco = herniated disc
hueso huesos = bone
ibuprofeno = ibuprofen
imagen imagenes escaner radiografia tomografia = scan
infeccion infecciones infectar = infection
inyeccion inyecciones inyectar inyectan = injection
laboratorio = laboratory
legal legales ley leyes = law
licencia = approved
medicamento medicamentos medicina medicinas pastilla pastillas = medicines
analgesico analgesicos calmante calmantes = painkillers
medula osea | tuetano | medula = bone marrow
medula espinal = spinal cord
mejor mejores = better
mejora mejorar mejorara mejoria = improve
mesenquimal mesenquimales = mesenchymal
miedo = afraid
morfina opioide opioides opiaceos = opioids
movimiento mover = moving
musculo musculos muscular = muscle
nervio nervios = nerve
nervio atrapado | nervio pinzado | pinzado pinzamiento = pinched nerve
nervio ciatico = sciatica
nino ninos = children
nuevo nueva = new
orinar orina = urinate
paciente pacientes = patient
paga pagan pagar pago = pay
cubre cubren = insurance cover
palabra palabras diccionario termino terminos = glossary
pasa pasar ocurre = happens
paso pasos = steps
pierna piernas = leg
pie = foot
plaqueta plaquetas = platelet
plasma rico en plaquetas = platelet rich plasma
pregunta preguntas preguntar preguntarle = questions to ask
preparacion preparar prepararme prepararse preparo = prepare
privacidad = privacy
problema problemas complicacion complicaciones = complications
procedimiento procedimientos = procedure
promesa promesas prometen promete = promises
queja quejas reclamo = complaint
quiropractico = chiropractor
radiofrecuencia = radiofrequency
recuperacion recuperar recuperarse recuperarme recupero = recovery
reposo descansar descanso cama = rest
resonancia | resonancia magnetica = mri
resultado resultados = results
riesgo riesgos peligro peligros peligroso peligrosa peligrosas peligrosos = risks
sangre = blood
segura seguras seguridad = safe
seguimiento revision controles control = follow up
senal senales alarma = signs
sintoma sintomas = symptoms
tejido = tissue
terapia terapias tratamiento tratamientos tratar = treatment
tipo tipos clase clases = types
trabajar trabajo = work
vejiga = bladder
intestino = bowel
diferencia = difference
"""
"""Words of one meaning, or names of several words between bars, and what they are in English."""


def root(word: str) -> str:
    """A Spanish word, folded, without the ending of its number, its gender or its person; rough."""
    if len(word) > 4 and word.endswith("es") and word[-3] not in "aeiou":
        word = word[:-2]
    elif len(word) > 3 and word.endswith("s"):
        word = word[:-1]
    return word[:-1] if len(word) > 3 and word[-1] in "aeo" else word


def roots(text: str) -> tuple[str, ...]:
    return tuple(root(word) for word in words_of(text) if word not in LITTLE)


def _meanings() -> dict[tuple[str, ...], str]:
    found: dict[tuple[str, ...], str] = {}
    for line in MEANINGS.strip().splitlines():
        names, _, english = line.partition(" = ")
        for name in names.split("|") if "|" in names else names.split():
            found.setdefault(roots(name), english)
    return found


MEANING: Final = _meanings()
LONGEST_NAME: Final = max(map(len, MEANING))
WORDS: Final = frozenset(one for name in MEANING for one in name)


def in_english(words: Sequence[str], is_english: Callable[[str], bool]) -> list[str]:
    """The words of a Spanish question in English, those we do not know as they are; empty when it is not Spanish.

    Spanish is what has a Spanish word that our English texts do not have, and as many Spanish words as others.
    """
    shows = [word for word in words if word not in BOTH and not is_english(word)]
    ours = [word for word in words if word in LITTLE or root(word) in WORDS]
    if not any(word in LITTLE or root(word) in WORDS for word in shows) or 2 * len(ours) < len(words):
        return []
    asked = [_meant(word, is_english) for word in words if word not in LITTLE]
    english: list[str] = []
    place = 0
    while place < len(asked):
        for length in range(min(LONGEST_NAME, len(asked) - place), 0, -1):
            meaning = MEANING.get(tuple(root(word) for word in asked[place : place + length]))
            if meaning or length == 1:
                english += meaning.split() if meaning else [asked[place]]
                place += length
                break
    return english


def _meant(word: str, is_english: Callable[[str], bool]) -> str:
    """The word, or the Spanish one it was probably meant to be."""
    if root(word) in WORDS or is_english(word) or len(word) < SHORTEST_CORRECTED:
        return word
    near = min((slips(root(word), known), known) for known in sorted(WORDS) if known[0] == word[0])
    return near[1] if near[0] <= 1 else word
